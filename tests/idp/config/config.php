<?php
// The demo's IdP. start.sh gives the folder for all state and the port; nothing else is kept here.
$dir = getenv('IDP_DIR');
$port = getenv('IDP_PORT');
$config = [
	'baseurlpath' => "http://127.0.0.1:$port/simplesaml/",
	'certdir' => "$dir/cert/",
	'loggingdir' => "$dir/log/",
	'datadir' => "$dir/data/",
	'tempdir' => "$dir/tmp",
	'metadatadir' => dirname(__DIR__) . '/metadata/',
	'metadata.sources' => [['type' => 'flatfile']],
	'attributenamemapdir' => '/etc/simplesamlphp/attributemap/',
	'secretsalt' => trim(file_get_contents("$dir/salt")), // persistent NameIDs are made from it
	'auth.adminpassword' => bin2hex(random_bytes(16)), // nobody needs the admin's pages
	'admin.protectindexpage' => true,
	'technicalcontact_name' => 'Keyfob demo',
	'technicalcontact_email' => 'nobody@example.test',
	'timezone' => 'UTC',
	'enable.saml20-idp' => true,
	'module.enable' => ['exampleauth' => true, 'core' => true, 'saml' => true],
	'store.type' => 'sql',
	'store.sql.dsn' => "sqlite:$dir/data/store.sq3",
	// cookies ignore ports: two IdPs on 127.0.0.1 must not share a name
	'session.cookie.name' => "kf_idp_$port",
	'session.authtoken.cookiename' => "kf_idp_auth_$port",
	'session.phpsession.cookiename' => "kf_idp_php_$port",
	'language.cookie.name' => "kf_idp_lang_$port",
	'session.cookie.secure' => false,
	'language.cookie.secure' => false,
	'session.cookie.samesite' => null,
	'session.duration' => 28800,
	'language.default' => 'en',
	'language.available' => ['en'],
	'logging.handler' => 'file',
	'logging.level' => 5,
	'logging.logfile' => 'idp.log',
	'showerrors' => true,
	'errorreporting' => false,
	'production' => true,
	'admin.checkforupdates' => false,
	'usenewui' => false,
];
