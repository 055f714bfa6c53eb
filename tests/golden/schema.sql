CREATE TABLE agent (
	id TEXT PRIMARY KEY NOT NULL,
	org_id TEXT NOT NULL REFERENCES org(id),
	site_id TEXT NOT NULL REFERENCES site(id),
	name TEXT NOT NULL,
	created INTEGER NOT NULL,
	revoked_at INTEGER NOT NULL DEFAULT 0,
	last_seen INTEGER NOT NULL DEFAULT 0,
	event_seq INTEGER NOT NULL DEFAULT 0,
	accepts INTEGER NOT NULL DEFAULT 0,
	rejects INTEGER NOT NULL DEFAULT 0,
	dropped INTEGER NOT NULL DEFAULT 0,
	acct INTEGER NOT NULL DEFAULT 0,
	keys INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE TABLE agent_ca (
	id TEXT PRIMARY KEY NOT NULL,
	org_id TEXT NOT NULL UNIQUE REFERENCES org(id),
	private_key BLOB NOT NULL,
	certificate BLOB NOT NULL,
	created INTEGER NOT NULL
) STRICT;
CREATE TABLE agent_cert (
	fingerprint BLOB PRIMARY KEY NOT NULL CHECK (length(fingerprint) = 32),
	org_id TEXT NOT NULL REFERENCES org(id),
	agent_id TEXT NOT NULL REFERENCES agent(id),
	expires INTEGER NOT NULL
) STRICT;
CREATE INDEX agent_cert_agent ON agent_cert (agent_id);
CREATE TABLE agent_code (
	id TEXT PRIMARY KEY NOT NULL,
	org_id TEXT NOT NULL REFERENCES org(id),
	site_id TEXT NOT NULL REFERENCES site(id),
	code BLOB NOT NULL,
	expires INTEGER NOT NULL
) STRICT;
CREATE INDEX agent_code_expires ON agent_code (expires);
CREATE INDEX agent_site ON agent (site_id);
CREATE TABLE api_token (
	id TEXT PRIMARY KEY NOT NULL,
	org_id TEXT NOT NULL REFERENCES org(id),
	name TEXT NOT NULL,
	hash BLOB NOT NULL UNIQUE CHECK (length(hash) = 32),
	created INTEGER NOT NULL,
	UNIQUE (org_id, name)
) STRICT;
CREATE TABLE audit (
	org_id TEXT NOT NULL REFERENCES org(id),
	seq INTEGER NOT NULL CHECK (seq > 0),
	at_ms INTEGER NOT NULL,
	actor_kind TEXT NOT NULL,
	actor TEXT NOT NULL,
	action TEXT NOT NULL,
	target TEXT NOT NULL,
	detail TEXT NOT NULL,
	hash BLOB NOT NULL CHECK (length(hash) = 32),
	PRIMARY KEY (org_id, seq)
) STRICT;
CREATE TABLE change_log (
	org_id TEXT NOT NULL REFERENCES org(id),
	rev INTEGER NOT NULL CHECK (rev > 0),
	kind INTEGER NOT NULL,
	entity_id TEXT NOT NULL,
	at_ms INTEGER NOT NULL,
	chain BLOB NOT NULL CHECK (length(chain) = 32),
	PRIMARY KEY (org_id, rev)
) STRICT;
CREATE INDEX change_log_entity ON change_log (org_id, kind, entity_id, rev);
CREATE TABLE data_key (
	id TEXT PRIMARY KEY NOT NULL,
	org_id TEXT NOT NULL REFERENCES org(id),
	purpose TEXT NOT NULL CHECK (purpose IN ('data', 'tag')),
	wrapped BLOB NOT NULL,
	created INTEGER NOT NULL,
	UNIQUE (org_id, purpose)
) STRICT;
CREATE TABLE identity (
	id TEXT PRIMARY KEY NOT NULL,
	org_id TEXT NOT NULL REFERENCES org(id),
	person_id TEXT NOT NULL REFERENCES person(id),
	idp TEXT NOT NULL,
	name_id TEXT NOT NULL CHECK (name_id <> ''),
	created INTEGER NOT NULL,
	last_seen INTEGER NOT NULL,
	UNIQUE (org_id, idp, name_id)
) STRICT;
CREATE INDEX identity_person ON identity (person_id);
CREATE TABLE idp (
	id TEXT PRIMARY KEY NOT NULL,
	org_id TEXT NOT NULL REFERENCES org(id),
	entity_id TEXT NOT NULL CHECK (length(entity_id) BETWEEN 1 AND 1024),
	metadata TEXT NOT NULL,
	domains TEXT NOT NULL CHECK (domains <> ''),
	email_attrs TEXT NOT NULL DEFAULT '',
	name_attrs TEXT NOT NULL DEFAULT '',
	given_attrs TEXT NOT NULL DEFAULT '',
	group_attrs TEXT NOT NULL DEFAULT '',
	nameid TEXT NOT NULL DEFAULT 'persistent' CHECK (nameid IN ('persistent', 'email')),
	enabled INTEGER NOT NULL DEFAULT 1 CHECK (enabled IN (0, 1)),
	created INTEGER NOT NULL,
	modified INTEGER NOT NULL,
	UNIQUE (org_id, entity_id)
) STRICT;
CREATE TABLE limits (
	org_id TEXT NOT NULL REFERENCES org(id),
	kind TEXT NOT NULL,
	subject TEXT NOT NULL,
	window_start INTEGER NOT NULL,
	expires INTEGER NOT NULL,
	count INTEGER NOT NULL,
	PRIMARY KEY (org_id, kind, subject, window_start)
) STRICT;
CREATE INDEX limits_expires ON limits (expires);
CREATE TABLE org (
	id TEXT PRIMARY KEY NOT NULL,
	name TEXT NOT NULL,
	next_group INTEGER NOT NULL DEFAULT 2 CHECK (next_group BETWEEN 2 AND 16777201),
	idp_generation INTEGER NOT NULL DEFAULT 1,
	created INTEGER NOT NULL
) STRICT;
CREATE TABLE outbox (
	id INTEGER PRIMARY KEY,
	org_id TEXT NOT NULL REFERENCES org(id),
	kind INTEGER NOT NULL,
	psk_id TEXT NOT NULL REFERENCES psk(id),
	version INTEGER NOT NULL,
	message_id TEXT NOT NULL UNIQUE,
	email TEXT NOT NULL,
	name TEXT NOT NULL,
	mail_mode TEXT NOT NULL CHECK (mail_mode IN ('link', 'qr', 'qr+text')),
	state TEXT NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'sent', 'dead')),
	attempts INTEGER NOT NULL DEFAULT 0,
	due_ms INTEGER NOT NULL,
	lease_ms INTEGER NOT NULL DEFAULT 0,
	last_code INTEGER NOT NULL DEFAULT 0,
	last_text TEXT NOT NULL DEFAULT '',
	created INTEGER NOT NULL,
	done INTEGER NOT NULL DEFAULT 0,
	UNIQUE (org_id, kind, psk_id, version)
) STRICT;
CREATE INDEX outbox_due ON outbox (due_ms) WHERE state = 'waiting';
CREATE INDEX outbox_psk ON outbox (psk_id);
CREATE TABLE person (
	id TEXT PRIMARY KEY NOT NULL,
	org_id TEXT NOT NULL REFERENCES org(id),
	email TEXT NOT NULL,
	email_key TEXT NOT NULL,
	name TEXT NOT NULL DEFAULT '',
	group_id INTEGER NOT NULL DEFAULT 0 CHECK (group_id = 0 OR group_id BETWEEN 2 AND 16777200),
	created INTEGER NOT NULL
) STRICT;
CREATE INDEX person_email ON person (org_id, email_key);
CREATE TABLE psk (
	id TEXT PRIMARY KEY NOT NULL,
	org_id TEXT NOT NULL REFERENCES org(id),
	wlan_id TEXT NOT NULL REFERENCES wlan(id),
	ssid BLOB NOT NULL CHECK (length(ssid) BETWEEN 1 AND 32),
	name TEXT NOT NULL,
	person_id TEXT REFERENCES person(id),
	workflow_id TEXT REFERENCES workflow(id),
	role_id TEXT REFERENCES role(id),
	vlan_id INTEGER NOT NULL CHECK (vlan_id BETWEEN 0 AND 4094),
	group_id INTEGER NOT NULL CHECK (group_id BETWEEN 2 AND 16777200),
	passphrase BLOB,
	pmk BLOB NOT NULL,
	pmk_tag BLOB NOT NULL CHECK (length(pmk_tag) = 32),
	weak INTEGER NOT NULL DEFAULT 0 CHECK (weak IN (0, 1)),
	max_usage INTEGER NOT NULL DEFAULT 0 CHECK (max_usage >= 0),
	not_before INTEGER NOT NULL DEFAULT 0,
	expire_time INTEGER NOT NULL DEFAULT 0,
	current INTEGER NOT NULL DEFAULT 0 CHECK (current IN (0, 1)),
	ended INTEGER NOT NULL DEFAULT 0 CHECK (ended IN (0, 1)),
	rotated_from TEXT REFERENCES psk(id),
	replaced_by TEXT REFERENCES psk(id),
	revoked_at INTEGER NOT NULL DEFAULT 0,
	revoke_reason TEXT NOT NULL DEFAULT '',
	source TEXT NOT NULL CHECK (source IN ('portal', 'api', 'cli', 'import')),
	created INTEGER NOT NULL,
	rev INTEGER NOT NULL,
	CHECK (weak = 0 OR expire_time > 0),
	UNIQUE (org_id, ssid, pmk_tag)
) STRICT;
CREATE UNIQUE INDEX psk_current ON psk (person_id, workflow_id) WHERE current = 1;
CREATE INDEX psk_ending ON psk (expire_time) WHERE ended = 0 AND expire_time > 0;
CREATE INDEX psk_name ON psk (org_id, name);
CREATE INDEX psk_person ON psk (person_id);
CREATE TABLE role (
	id TEXT PRIMARY KEY NOT NULL,
	org_id TEXT NOT NULL REFERENCES org(id),
	name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 32),
	UNIQUE (org_id, name)
) STRICT;
CREATE TABLE saml_replay (
	org_id TEXT NOT NULL REFERENCES org(id),
	idp TEXT NOT NULL,
	assertion_id TEXT NOT NULL,
	expires INTEGER NOT NULL,
	PRIMARY KEY (org_id, idp, assertion_id)
) STRICT;
CREATE INDEX saml_replay_expires ON saml_replay (expires);
CREATE TABLE saml_request (
	id TEXT PRIMARY KEY NOT NULL,
	org_id TEXT NOT NULL REFERENCES org(id),
	relay TEXT NOT NULL UNIQUE,
	cookie_hash BLOB NOT NULL CHECK (length(cookie_hash) = 32),
	idp TEXT NOT NULL,
	workflow_id TEXT NOT NULL REFERENCES workflow(id),
	return_path TEXT NOT NULL,
	client TEXT NOT NULL,
	expires INTEGER NOT NULL,
	verified INTEGER NOT NULL DEFAULT 0 CHECK (verified IN (0, 1)),
	name_id TEXT NOT NULL DEFAULT '',
	session_index TEXT NOT NULL DEFAULT '',
	email TEXT NOT NULL DEFAULT '',
	name TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX saml_request_client ON saml_request (client);
CREATE INDEX saml_request_expires ON saml_request (expires);
CREATE TABLE session (
	cookie_hash BLOB PRIMARY KEY NOT NULL CHECK (length(cookie_hash) = 32),
	org_id TEXT NOT NULL REFERENCES org(id),
	person_id TEXT NOT NULL REFERENCES person(id),
	workflow_id TEXT NOT NULL REFERENCES workflow(id),
	idp TEXT NOT NULL,
	name_id TEXT NOT NULL,
	session_index TEXT NOT NULL,
	created INTEGER NOT NULL,
	expires INTEGER NOT NULL
) STRICT;
CREATE INDEX session_expires ON session (expires);
CREATE INDEX session_person ON session (person_id);
CREATE TABLE sighting (
	org_id TEXT NOT NULL REFERENCES org(id),
	psk_id TEXT NOT NULL REFERENCES psk(id),
	mac BLOB NOT NULL CHECK (length(mac) = 6),
	agent_id TEXT NOT NULL REFERENCES agent(id),
	bss BLOB NOT NULL CHECK (length(bss) = 6),
	first_seen INTEGER NOT NULL,
	last_seen INTEGER NOT NULL,
	PRIMARY KEY (psk_id, mac)
) STRICT;
CREATE INDEX sighting_mac ON sighting (org_id, mac);
CREATE TABLE site (
	id TEXT PRIMARY KEY NOT NULL,
	org_id TEXT NOT NULL REFERENCES org(id),
	name TEXT NOT NULL,
	created INTEGER NOT NULL,
	UNIQUE (org_id, name)
) STRICT;
CREATE TABLE sp_key (
	id TEXT PRIMARY KEY NOT NULL,
	org_id TEXT NOT NULL REFERENCES org(id),
	private_key BLOB NOT NULL,
	certificate TEXT NOT NULL,
	created INTEGER NOT NULL
) STRICT;
CREATE TABLE vlan (
	id TEXT PRIMARY KEY NOT NULL,
	org_id TEXT NOT NULL REFERENCES org(id),
	site_id TEXT NOT NULL REFERENCES site(id),
	vid INTEGER NOT NULL CHECK (vid BETWEEN 1 AND 4094),
	name TEXT NOT NULL DEFAULT '',
	prefixes TEXT NOT NULL DEFAULT '',
	gateways TEXT NOT NULL DEFAULT '',
	wired TEXT NOT NULL DEFAULT 'any',
	UNIQUE (site_id, vid)
) STRICT;
CREATE TABLE wlan (
	id TEXT PRIMARY KEY NOT NULL,
	org_id TEXT NOT NULL REFERENCES org(id),
	ssid BLOB NOT NULL CHECK (length(ssid) BETWEEN 1 AND 32),
	security TEXT NOT NULL DEFAULT 'wpa2' CHECK (security IN ('wpa2', 'wpa2-wpa3', 'wpa3')),
	key_form TEXT NOT NULL DEFAULT 'pmk' CHECK (key_form IN ('pmk', 'passphrase')),
	personal_wlan INTEGER NOT NULL DEFAULT 1 CHECK (personal_wlan IN (0, 1)),
	created INTEGER NOT NULL,
	UNIQUE (org_id, ssid)
) STRICT;
CREATE TABLE wlan_site (
	org_id TEXT NOT NULL REFERENCES org(id),
	wlan_id TEXT NOT NULL REFERENCES wlan(id),
	site_id TEXT NOT NULL REFERENCES site(id),
	PRIMARY KEY (wlan_id, site_id)
) STRICT;
CREATE TABLE workflow (
	id TEXT PRIMARY KEY NOT NULL,
	org_id TEXT NOT NULL REFERENCES org(id),
	slug TEXT NOT NULL CHECK (length(slug) BETWEEN 1 AND 63),
	name TEXT NOT NULL,
	wlan_id TEXT NOT NULL REFERENCES wlan(id),
	vlan_id INTEGER NOT NULL CHECK (vlan_id BETWEEN 1 AND 4094),
	role_id TEXT REFERENCES role(id),
	idp_id TEXT REFERENCES idp(id),
	idp_groups TEXT NOT NULL DEFAULT '',
	validity_s INTEGER NOT NULL DEFAULT 2592000 CHECK (validity_s >= 0),
	pass_groups INTEGER NOT NULL DEFAULT 5 CHECK (pass_groups BETWEEN 4 AND 12),
	overlap_s INTEGER NOT NULL DEFAULT 86400 CHECK (overlap_s BETWEEN 0 AND 2592000),
	mail_mode TEXT NOT NULL DEFAULT 'qr' CHECK (mail_mode IN ('link', 'qr', 'qr+text')),
	group_per TEXT NOT NULL DEFAULT 'person' CHECK (group_per IN ('person', 'key')),
	max_usage INTEGER NOT NULL DEFAULT 0 CHECK (max_usage >= 0),
	published INTEGER NOT NULL DEFAULT 1 CHECK (published IN (0, 1)),
	created INTEGER NOT NULL,
	CHECK (pass_groups > 4 OR validity_s > 0),
	UNIQUE (org_id, slug)
) STRICT;
