// What the browser tests share: a demo of their own, TAP lines, one Chromium.
import { spawn, execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, readFileSync, readdirSync, existsSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const top = path.dirname(path.dirname(path.dirname(fileURLToPath(import.meta.url))));
export const build = path.resolve(top, process.env.BUILD || 'build');

let n = 0, failed = 0;
export function ok(cond, name, note) {
	n++;
	if (!cond) failed++;
	console.log(`${cond ? '' : 'not '}ok ${n} - ${name}`);
	if (!cond && note !== undefined) console.log('#   ' + String(note).replace(/\n/g, '\n#   '));
	return cond;
}
export function same(got, want, name) {
	return ok(got === want, name, `got  ${JSON.stringify(got)}\nwant ${JSON.stringify(want)}`);
}
export function end() {
	console.log(`1..${n}`);
	process.exitCode = failed ? 1 : 0;
}

export const sleep = ms => new Promise(r => setTimeout(r, ms));
export async function until(seconds, what, fn) {
	for (const stop = Date.now() + seconds * 1000; Date.now() < stop; await sleep(50)) {
		const got = await fn();
		if (got) return got;
	}
	throw new Error(`not within ${seconds} s: ${what}`);
}

export const freePort = () => new Promise((done, fail) => {
	const s = createServer().listen(0, '127.0.0.1', () => {
		const { port } = s.address();
		s.close(() => done(port));
	}).on('error', fail);
});

// A demo in a folder of its own on free ports. demo.stop() ends it and removes the folder.
export async function demo() {
	const dir = mkdtempSync(path.join(tmpdir(), 'keyfob-e2e-'));
	const port = await freePort(), radius = 20000 + Math.floor(Math.random() * 20000);
	const d = { dir, port, radius, url: `http://localhost:${port}`, out: '', code: null };
	d.start = async () => {
		d.out = '';
		d.proc = spawn('/usr/bin/python3', [path.join(top, 'tests/demo/demo.py')], {
			env: { ...process.env, BUILD: build, KEYFOB_DIR: dir, KEYFOB_PORT: String(port),
				KEYFOB_RADIUS_PORT: String(radius) },
			stdio: ['ignore', 'pipe', 'pipe'],
		});
		d.ended = new Promise(r => d.proc.on('exit', code => { d.code = code; r(code); }));
		for (const s of [d.proc.stdout, d.proc.stderr]) s.on('data', t => { d.out += t; });
		await until(120, 'demo is ready', () => {
			if (d.proc.exitCode !== null) throw new Error('the demo ended: ' + d.out);
			return d.out.includes('ready ' + d.url);
		});
	};
	d.end = async (sig = 'SIGTERM') => { d.proc.kill(sig); return d.ended; };
	d.stop = async () => {
		if (d.proc.exitCode === null && d.proc.signalCode === null) await d.end();
		if (!process.env.KEEP) rmSync(dir, { recursive: true, force: true });
	};
	d.path = (...p) => path.join(dir, ...p);
	d.pid = name => Number(readFileSync(d.path('run', name + '.pid'), 'utf8'));
	d.keyfob = (...argv) => execFileSync(path.join(build, 'keyfob'),
		['-c', d.path('keyfob.conf'), ...argv], { encoding: 'utf8', cwd: dir });
	d.mails = () => existsSync(d.path('mail')) ?
		readdirSync(d.path('mail')).filter(f => f.endsWith('.eml')).map(f => d.path('mail', f)) : [];
	d.token = () => readFileSync(d.path('api-token'), 'utf8').trim();
	// One RADIUS request with the handshake of this passphrase: {code, vlan, class, …}
	d.radiusAsk = (passphrase, ...more) => JSON.parse(execFileSync('/usr/bin/python3',
		[path.join(top, 'tests/e2e/radius_ask.py'), '--port', String(radius), '--secret',
			'keyfob-demo', '--ssid', 'Keyfob Demo', ...more],
		{ encoding: 'utf8', input: passphrase }));
	await d.start();
	return d;
}

export async function chromium() {
	const { chromium: c } = await import('playwright-core');
	return c.launch({ executablePath: '/usr/bin/chromium', args: ['--headless', '--no-sandbox',
		'--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
		'--disable-component-update', '--disable-sync'] });
}

// Signs in through the IdP's form, from wherever the page is on the way to it.
export async function signIn(page, email) {
	await page.fill('input[name=username]', email);
	await page.fill('input[name=password]', email.split('@')[0]);
	await page.press('input[name=password]', 'Enter');
}
