<?php
// The portal's own metadata, read anew at each request: it may be written after the IdP's start.
$file = getenv('IDP_SP_METADATA');
if (is_readable($file))
	foreach (\SimpleSAML\Metadata\SAMLParser::parseDescriptorsFile($file) as $id => $entity)
		$metadata[$id] = $entity->getMetadata20SP();
