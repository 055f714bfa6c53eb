<?php
// The user name IS the e-mail address.
function kf_person($name, $given, $groups)
{
	return [
		'uid' => ["$name@example.test"],
		'mail' => ["$name@example.test"],
		'givenName' => [$given],
		'displayName' => ["$given Example"],
		'groups' => $groups,
	];
}
$config = [
	'people' => [
		'exampleauth:UserPass',
		'alice@example.test:alice' => kf_person('alice', 'Alice', ['staff']),
		'bob@example.test:bob' => kf_person('bob', 'Bob', ['staff']),
		'admin@example.test:admin' => kf_person('admin', 'Admin', ['staff', 'wifi-admins']),
	],
];
