-- Agents: their CA, how they enrol, what they saw. Live stations are in live.db (store/live.c).

-- The CA of the feed: agents trust it and nothing else. private_key sealed, certificate in DER.
CREATE TABLE agent_ca (
	id TEXT PRIMARY KEY NOT NULL,
	org_id TEXT NOT NULL UNIQUE REFERENCES org(id),
	private_key BLOB NOT NULL,
	certificate BLOB NOT NULL,
	created INTEGER NOT NULL
) STRICT;

-- A code that one agent may enrol with, once. code is sealed; id is what travels.
CREATE TABLE agent_code (
	id TEXT PRIMARY KEY NOT NULL,
	org_id TEXT NOT NULL REFERENCES org(id),
	site_id TEXT NOT NULL REFERENCES site(id),
	code BLOB NOT NULL,
	expires INTEGER NOT NULL
) STRICT;
CREATE INDEX agent_code_expires ON agent_code (expires);

-- event_seq: the last message of events that was taken. The counters are the agent's own, since
-- its start.
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
CREATE INDEX agent_site ON agent (site_id);

-- The certificates an agent may come with: one, or two while it renews.
CREATE TABLE agent_cert (
	fingerprint BLOB PRIMARY KEY NOT NULL CHECK (length(fingerprint) = 32),
	org_id TEXT NOT NULL REFERENCES org(id),
	agent_id TEXT NOT NULL REFERENCES agent(id),
	expires INTEGER NOT NULL
) STRICT;
CREATE INDEX agent_cert_agent ON agent_cert (agent_id);

-- Devices under a key: which MAC used it, when and where last.
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

-- The last revision of one thing: every row of the feed carries it.
CREATE INDEX change_log_entity ON change_log (org_id, kind, entity_id, rev);
