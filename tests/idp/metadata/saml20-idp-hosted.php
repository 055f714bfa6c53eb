<?php
// The entityID was made once for this folder, so a restart on another port keeps every NameID.
$metadata[trim(file_get_contents(getenv('IDP_DIR') . '/entity-id'))] = [
	'host' => '__DEFAULT__',
	'privatekey' => 'idp.key',
	'certificate' => 'idp.pem',
	'auth' => 'people',
	'signature.algorithm' => 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256',
	'saml20.sign.response' => true,
	'saml20.sign.assertion' => true,
	'validate.authnrequest' => true,
	'redirect.validate' => true,
	'redirect.sign' => true,
	'userid.attribute' => 'uid',
	'NameIDFormat' => 'urn:oasis:names:tc:SAML:2.0:nameid-format:persistent',
	'attributes.NameFormat' => 'urn:oasis:names:tc:SAML:2.0:attrname-format:basic',
	'authproc' => [
		3 => ['class' => 'saml:PersistentNameID', 'attribute' => 'uid'],
		90 => ['class' => 'core:AttributeLimit', 'mail', 'givenName', 'displayName', 'groups'],
	],
];
