// The whole road in one demo: sign in, key, page, mail, feed, handshake, revoke, outage.
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { ok, same, end, until, sleep, demo, chromium, signIn, build, top } from './demo.mjs';

const d = await demo();
const browser = await chromium();
const shots = path.join(build, 'shots');
mkdirSync(shots, { recursive: true });

const zbar = f => execFileSync('zbarimg', ['--nodbus', '-q', '--raw', f], { encoding: 'utf8' }).trim();
const zxing = f => /Text: *"(.*)"/.exec(execFileSync('ZXingReader', [f], { encoding: 'utf8' }))?.[1];
const wifi = pass => `WIFI:T:WPA;S:Keyfob Demo;P:${pass};;`;
const api = (method, where, body) => fetch(d.url + '/api/v1/orgs/self/psks' + where, {
	method, body: body && JSON.stringify(body),
	headers: { authorization: 'Token ' + d.token(), 'content-type': 'application/json' },
});

async function passphrase(page) {
	const reveal = page.locator('.tag details.reveal').first();
	if (!await reveal.evaluate(e => e.open)) await reveal.locator('summary').click();
	return (await reveal.locator('.groups').innerText()).replace(/\s+/g, '');
}

// Signs in from the landing page; returns what was seen on the way.
async function person(email, options = {}) {
	const context = await browser.newContext({ viewport: { width: 390, height: 844 }, ...options });
	const page = await context.newPage();
	const seen = { acsCookies: undefined, violations: [] };
	page.on('request', async r => {
		if (r.url().endsWith('/saml/acs') && r.method() === 'POST')
			seen.acsCookies = (await r.allHeaders()).cookie;
	});
	page.on('requestfinished', async r => {
		if (r.url().endsWith('/saml/acs')) seen.acsDone = true;
	});
	page.on('console', m => { // the IdP's pages are not ours, and /k/ID of somebody else is a 404
		const { url } = m.location();
		if (m.type() === 'error' && url.startsWith(d.url) && !url.startsWith(d.url + '/k/'))
			seen.violations.push(m.text() + ' ' + url);
	});
	await page.goto(d.url + '/');
	await page.locator('a.btn-go, button.btn-go').first().click();
	await page.waitForSelector('input[name=username]');
	await signIn(page, email);
	await page.waitForURL(d.url + '/key', { timeout: 20000 });
	const key = await passphrase(page);
	const shot = path.join(shots, `road-${email.split('@')[0]}.png`);
	await page.screenshot({ path: shot, fullPage: true });
	return { context, page, seen, key, shot };
}

function mailOf(key) {
	return execFileSync('/usr/bin/python3', [path.join(top, 'tests/e2e/read_mail.py'), d.path('mail')],
		{ encoding: 'utf8' }).split('\n').filter(Boolean).map(l => JSON.parse(l));
}

try {
	const alice = await person('alice@example.test');
	ok(/^([a-hj-km-np-z2-9]{4}-){4}[a-hj-km-np-z2-9]{4}$/.test(alice.key),
		'alice signs in and sees a key of five groups', alice.key);
	ok(alice.seen.acsDone && !alice.seen.acsCookies, 'the ACS POST arrived without cookies',
		alice.seen.acsCookies);
	const bob = await person('bob@example.test');
	ok(bob.key !== alice.key, 'bob sees a key of his own');

	// the same string everywhere
	same(zbar(alice.shot), wifi(alice.key), 'the code on the page says the passphrase (zbarimg)');
	same(zxing(alice.shot), wifi(alice.key), 'the code on the page says the passphrase (ZXingReader)');
	const mails = await until(10, 'both mails', () => {
		const m = mailOf();
		return m.length >= 2 && m;
	});
	const letter = mails.find(m => m.to === 'alice@example.test');
	const png = path.join(d.dir, 'mail.png');
	writeFileSync(png, Buffer.from(letter.png, 'base64'));
	same(zbar(png), wifi(alice.key), 'the PNG in the mail says the same (zbarimg)');
	same(zxing(png), wifi(alice.key), 'the PNG in the mail says the same (ZXingReader)');
	const link = /http:\/\/localhost:\d+\/k\/[0-9a-f-]{36}/.exec(letter.text)?.[0];
	ok(link && letter.html.includes(link), 'the mail has the Wi-Fi URL in text and HTML');
	ok(!letter.text.includes(alice.key) && !letter.html.includes(alice.key),
		'a mail of mode qr does not spell the passphrase');
	await alice.page.goto(link);
	same(await passphrase(alice.page), alice.key, 'the Wi-Fi URL leads its owner to the key');
	await bob.page.goto(link);
	ok(!(await bob.page.content()).includes(alice.key), 'the Wi-Fi URL shows nothing to somebody else');

	// no second key
	await alice.page.goto(d.url + '/key');
	await alice.page.reload();
	same(await passphrase(alice.page), alice.key, 'a reload shows the same key');
	const tabs = await Promise.all([1, 2, 3, 4].map(() => alice.context.newPage()));
	await Promise.all(tabs.map(t => t.goto(d.url + '/key')));
	const four = await Promise.all(tabs.map(passphrase));
	ok(four.every(k => k === alice.key), 'four tabs at once show the same key', four.join(' '));
	await Promise.all(tabs.map(t => t.close()));
	const admin = await browser.newContext({ javaScriptEnabled: false, viewport: { width: 360, height: 740 } });
	const first = await admin.newPage();
	await first.goto(d.url + '/login');
	await signIn(first, 'admin@example.test');
	await first.waitForSelector('input[name=SAMLResponse]', { state: 'attached' });
	await first.locator('[type=submit]:visible, button:visible').first().click(); // no script posts it
	await first.waitForURL(d.url + '/key');
	const noScript = await passphrase(first);
	ok(/^[a-z2-9-]{24}$/.test(noScript), 'without JavaScript the passphrase can be shown');
	same(await first.evaluate(() => document.documentElement.scrollWidth), 360,
		'nothing scrolls sideways at 360 px');
	same(alice.seen.violations.concat(bob.seen.violations).join('\n'), '',
		'no CSP violation and no console error on the way');

	// the air
	const heard = await until(2, 'alice on the air', () => {
		const got = d.radiusAsk(alice.key);
		return got.code === 'accept' && got;
	});
	same(heard.vlan, '20', "alice's handshake is accepted with VLAN 20");
	ok(heard.message_authenticator_first && heard.authenticator && heard.pmk,
		'the reply is signed, Message-Authenticator first, and carries her PMK', JSON.stringify(heard));
	ok(heard.tunnel_type === 13 && heard.tunnel_medium === 6 && heard.session_timeout <= 30 * 86400,
		'the VLAN triple is whole and Session-Timeout ends with the key', JSON.stringify(heard));
	same(d.radiusAsk(alice.key, '--akm', '6').code, 'accept', 'AKM 6 is accepted as well');
	same(d.radiusAsk('wrong-wrong-wrong-wrong').code, 'reject', 'a wrong passphrase is rejected');
	same(d.radiusAsk(alice.key, '--secret', 'not-the-secret', '--timeout', '1').code, 'silence',
		'a wrong RADIUS secret gets no answer');

	// the page turns green
	await bob.page.goto(d.url + '/key');
	ok(d.radiusAsk(bob.key, '--sta', '02:00:00:00:0b:0b', '--join').joined, 'accounting of a station that joined is taken');
	await bob.page.locator('.tag.joined').waitFor({ timeout: 10000 });
	ok((await bob.page.locator('.tag .cap').innerText()).includes('02:00:00:00:0b:0b'),
		"bob's page tells that his device is online, by itself");
	ok((await alice.page.goto(d.url + '/key')) && await alice.page.locator('.tag.joined').count() === 0,
		"alice's page does not");

	// rotate: the new key, the old one for its overlap, one group
	await alice.page.goto(d.url + '/key');
	await alice.page.locator('form[action="/key/new"] button').click();
	await alice.page.waitForURL(/\/key\?new=1/);
	const next = await passphrase(alice.page);
	ok(next !== alice.key, '"new key" makes another one');
	await until(2, 'the rotated key on the air', () => d.radiusAsk(next).code === 'accept');
	same(d.radiusAsk(alice.key).code, 'accept', 'the old key still works in its overlap');
	const list = await (await api('GET', '?email=alice@example.test')).json();
	ok(list.length === 2 && list[0].private_group_id === list[1].private_group_id,
		'both keys of alice have one private group', JSON.stringify(list));
	const after = await until(10, 'the mail of the new key', () => {
		const m = mailOf().filter(x => x.to === 'alice@example.test');
		return m.length === 2 && m;
	});
	ok(after.length === 2, 'the new key is mailed as well');

	// API and command line
	const expire = Math.floor(Date.now() / 1000) + 86400;
	const t0 = Date.now();
	const made = await api('POST', '', { name: 'printer', ssid: 'Keyfob Demo', vlan_id: 20, expire_time: expire });
	const printer = await made.json();
	same(made.status, 201, 'POST psks makes a key');
	await until(2, 'the key of the API on the air', () => d.radiusAsk(printer.passphrase).code === 'accept');
	ok(Date.now() - t0 < 2000, `a key made by the API is accepted within 2 s (${Date.now() - t0} ms)`);
	same((await (await api('GET', '/' + printer.id)).json()).expire_time, expire, 'GET psks/{id} gives it back');
	same((await api('POST', '', { ssid: 'Keyfob Demo', passphrase: 'short' })).status, 400, 'a bad passphrase is refused with 400');
	same((await fetch(d.url + '/api/v1/orgs/self/psks')).status, 401, 'without a token the API says 401');
	const t1 = Date.now();
	d.keyfob('psk', 'revoke', printer.id);
	await until(2, 'the revoked key is rejected', () => d.radiusAsk(printer.passphrase).code === 'reject');
	ok(Date.now() - t1 < 2000, `after keyfob psk revoke it is rejected within 2 s (${Date.now() - t1} ms)`);
	const toDelete = await (await api('POST', '', { name: 'tv', ssid: 'Keyfob Demo' })).json();
	await until(2, 'the tv', () => d.radiusAsk(toDelete.passphrase).code === 'accept');
	same((await api('DELETE', '/' + toDelete.id)).status, 204, 'DELETE psks/{id} says 204');
	await until(2, 'the deleted key is rejected', () => d.radiusAsk(toDelete.passphrase).code === 'reject');

	// the portal down
	for (const name of ['portal-web', 'portal-feed']) process.kill(d.pid(name), 'SIGTERM');
	await until(5, 'the portal is down', () => fetch(d.url + '/healthz').then(() => false, () => true));
	same(d.radiusAsk(bob.key).code, 'accept', 'with the portal stopped the agent still answers');
	await sleep(600);
	ok(await fetch(d.url + '/healthz').then(() => false, () => true), 'what SIGTERM stopped stays stopped');
	const agent = d.pid('agent');
	process.kill(agent, 'SIGKILL');
	await until(5, 'the agent is back', () => {
		try { return d.pid('agent') !== agent && d.radiusAsk(bob.key, '--timeout', '1').code === 'accept'; } catch { return false; }
	});
	ok(true, 'an agent killed by -9 is restarted and answers from its sealed snapshot, portal down');
	ok(!readFileSync(d.path('log', 'agent.log'), 'utf8').includes(bob.key), 'no passphrase in the log');

	// the end
	const pids = ['jobs', 'agent'].map(d.pid);
	await d.end('SIGINT');
	ok(pids.every(p => { try { process.kill(p, 0); return false; } catch { return true; } }),
		'Ctrl-C ends everything that the demo started');
	await d.start();
	ok(true, 'a second make run works');
} catch (e) {
	ok(false, 'the road is whole', e.stack + '\n' + d.out);
} finally {
	await browser.close();
	await d.stop();
	end();
}
