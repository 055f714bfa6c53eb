// Every page and mail with sample data, also hostile: the markup, the policy, accessibility, size,
// what the codes say, and what the three small scripts do. Screenshots lie in $BUILD/shots.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import AxeBuilder from '@axe-core/playwright';
import { HtmlValidate } from 'html-validate';
import jsQR from 'jsqr';
import { PNG } from 'pngjs';
import { ok, same, end, build, top, chromium } from './demo.mjs';

const CSP = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; " +
	"connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
const MAIL_CSP = "default-src 'none'; style-src 'unsafe-inline'; img-src 'self'";
const pages = mkdtempSync(path.join(tmpdir(), 'keyfob-view-'));
const shots = path.join(build, 'shots');
mkdirSync(shots, { recursive: true });
execFileSync('make', ['-s', `BUILD=${process.env.BUILD || 'build'}`, path.join(process.env.BUILD || 'build', 'tests/render_cli')],
	{ cwd: top, env: { ...process.env, MAKEFLAGS: '' }, stdio: ['ignore', 'ignore', 'inherit'] });
execFileSync(path.join(build, 'tests/render_cli'), [pages]);
const read = name => readFileSync(path.join(pages, name), 'utf8');
const names = readdirSync(pages).filter(f => f.endsWith('.html')).map(f => f.slice(0, -5));
const web = names.filter(n => !n.startsWith('mail_'));
const mails = names.filter(n => n.startsWith('mail_'));

// --- the server: pages, assets under the names that the pages use, /key/live ---------------------
const assets = new Map();
for (const f of readdirSync(path.join(top, 'assets')).filter(f => /\.(css|js|svg)$/.test(f))) {
	const bytes = readFileSync(path.join(top, 'assets', f));
	const hash = createHash('sha256').update(bytes).digest('hex').slice(0, 16);
	assets.set('/assets/' + f.replace(/\.(\w+)$/, `.${hash}.$1`), bytes);
}
const types = { css: 'text/css', js: 'text/javascript', svg: 'image/svg+xml', html: 'text/html', png: 'image/png' };
let live = null, posted = [];
const server = createServer((req, res) => {
	const url = new URL(req.url, 'http://localhost').pathname, name = url.slice(1);
	const send = (body, ext, csp) => res.writeHead(200, {
		'content-type': types[ext] + (ext === 'png' ? '' : '; charset=utf-8'),
		'content-security-policy': csp, 'x-content-type-options': 'nosniff',
	}).end(body);

	if (req.method === 'POST') {
		req.on('data', d => posted.push(url + ' ' + d));
		req.on('end', () => res.writeHead(204).end());
	} else if (url === '/key/live') {
		const online = req.headers.referer?.endsWith('_joined') ? [{ name: 'Jana’s iPhone', mac: '', since: 1795426740 }] : [];
		res.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(live ?? { devices: online }));
	} else if (assets.has(url)) {
		send(assets.get(url), url.split('.').pop(), CSP);
	} else if (existsSync(path.join(pages, name)) && name.endsWith('.png')) {
		send(readFileSync(path.join(pages, name)), 'png', CSP);
	} else if (mails.includes(name)) {
		send(read(name + '.html').replace(/src="cid:[^"]*"/, `src="/${name}.png"`), 'html', MAIL_CSP);
	} else if (web.includes(name)) {
		send(read(name + '.html'), 'html', CSP);
	} else {
		res.writeHead(204).end();
	}
});
await new Promise(done => server.listen(0, '127.0.0.1', done));
const base = `http://localhost:${server.address().port}`;

// --- reading codes -------------------------------------------------------------------------------
// -Sbinary: the bytes as they are; without it zbarimg guesses at an encoding, now and then Big5
const zbar = f => execFileSync('zbarimg', ['--nodbus', '-q', '--raw', '-Sbinary', f], { encoding: 'utf8' }).replace(/\n$/, '');
const zxing = f => execFileSync('ZXingReader', [f], { encoding: 'utf8' });
const jsqr = f => {
	const png = PNG.sync.read(readFileSync(f));
	return jsQR(new Uint8ClampedArray(png.data), png.width, png.height)?.data;
};

// --- one page in one window ----------------------------------------------------------------------
const browser = await chromium();
const windows = {
	phone: { width: 360, height: 740 },
	desktop: { width: 1280, height: 800 },
};

async function open(name, options, visit) {
	const context = await browser.newContext(options);
	const page = await context.newPage();
	const trouble = [];

	page.on('console', m => { if (['error', 'warning'].includes(m.type())) trouble.push(m.text()); });
	page.on('pageerror', e => trouble.push(String(e)));
	page.on('dialog', d => { trouble.push('a dialog: ' + d.message()); d.dismiss(); });
	page.on('requestfailed', r => trouble.push('failed: ' + r.url()));
	await page.goto(`${base}/${name}`, { waitUntil: 'load' });
	try {
		return await visit(page, trouble, context);
	} finally {
		await context.close();
	}
}

const sideways = page => page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
const unfold = (page, open) => page.evaluate(o => {
	for (const d of document.querySelectorAll('details'))
		d.open = o;
}, open);

// Loads a page once and turns the window and the colours under it.
async function look(name, sizes, trouble, page) {
	const folds = await page.locator('details').count();
	for (const size of sizes) {
		await page.setViewportSize(windows[size]);
		for (const colorScheme of ['light', 'dark']) {
			const as = `${name}-${size}-${colorScheme}`;
			await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
			if (await sideways(page) > 0) trouble.push('scrolls sideways');
			await page.screenshot({ path: path.join(shots, as + '.png'), fullPage: true });
			await unfold(page, true);
			if (await sideways(page) > 0) trouble.push('scrolls sideways with everything shown');
			const main = (size === 'phone') === (colorScheme === 'light') || sizes.length === 1;
			if (folds && main) await page.screenshot({ path: path.join(shots, as + '-open.png'), fullPage: true });
			if (main) {
				const axe = await new AxeBuilder({ page }).setLegacyMode() // no frames here: one page is enough
					.withTags(['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa', 'best-practice']).analyze();
				for (const v of axe.violations)
					trouble.push(`axe ${v.id}: ${v.nodes.map(x => x.target.join(' ')).join(', ')}`);
			}
			await unfold(page, false);
			same(trouble.join('\n'), '', `${as}: policy, console, width, accessibility`);
			trouble.length = 0;
		}
	}
	await page.setViewportSize({ width: 320, height: 568 });
	ok(await sideways(page) <= 0, `${name}: nothing scrolls sideways in a window of 320`);
}

async function markup() {
	const validator = new HtmlValidate({
		extends: ['html-validate:recommended'],
		rules: {
			'no-inline-style': 'error',
			'long-title': 'off', // an organisation may have a long name
			'no-trailing-whitespace': 'off',
			'doctype-style': ['error', { style: 'uppercase' }],
		},
	});
	for (const name of names) {
		const report = await validator.validateString(read(name + '.html'));
		const found = report.results.flatMap(r => r.messages).map(m => `${m.line}: ${m.ruleId} ${m.message}`);
		same(found.join('\n'), '', `${name}: html-validate is content`);
		ok(!/<script(?! type="module" src="\/assets\/)|<img src=x|<b>bold/.test(read(name + '.html')), `${name}: hostile values stay text`);
	}
	for (const name of web)
		ok(!/ style=|<style|<script>| on[a-z]+="/.test(read(name + '.html')), `${name}: no inline style or script`);
	const css = gzipSync(readFileSync(path.join(top, 'assets/app.css'))).length;
	ok(css <= 12 * 1024, `app.css is ${css} bytes packed`);
}

async function codes() {
	for (const [name, want, colorScheme] of [['success', 'plain', 'light'], ['success', 'plain', 'dark'], ['success_nasty', 'nasty', 'dark']])
		for (const size of ['phone', 'desktop']) {
			const shot = path.join(shots, `${name}-${size}-${colorScheme}.png`);
			same(jsqr(shot), read(want + '.uri'), `${name} ${size} ${colorScheme}: jsQR reads the code off the screen`);
			same(zbar(shot), read(want + '.uri'), `${name} ${size} ${colorScheme}: zbarimg reads the code off the screen`);
		}
	for (const [name, want] of [['mail_qr', 'plain'], ['mail_nasty', 'nasty']]) {
		const png = path.join(pages, name + '.png');
		same(jsqr(png), read(want + '.uri'), `${name}: jsQR reads the PNG`);
		same(zbar(png), read(want + '.uri'), `${name}: zbarimg reads the PNG`);
		ok(zxing(png).includes(read(want + '.uri')), `${name}: ZXingReader reads the PNG`, zxing(png));
	}
}

// The fields of a Wi-Fi code as ZXing and Android read them: backslash takes the next byte as it is.
function fields(bytes) {
	const out = {};
	let at = Buffer.from('WIFI:').length;

	if (Buffer.from(bytes.slice(0, at)).toString() !== 'WIFI:') return out;
	while (at < bytes.length && bytes[at] !== 0x3b) {
		const name = String.fromCharCode(bytes[at]), value = [];
		for (at += 2; at < bytes.length && bytes[at] !== 0x3b; at++) {
			if (bytes[at] === 0x5c) at++;
			value.push(bytes[at]);
		}
		out[name] = Buffer.from(value).toString('hex');
		at++;
	}
	return out;
}

function randomCodes() {
	const bad = [];
	const lines = read('random.txt').trim().split('\n');
	lines.forEach((line, i) => {
		const png = PNG.sync.read(readFileSync(path.join(pages, `random_${i}.png`)));
		const code = jsQR(new Uint8ClampedArray(png.data), png.width, png.height);
		const f = code ? fields(code.binaryData) : {};
		if (`${f.S} ${f.P}` !== line) bad.push(`${i}: ${f.S} ${f.P} is not ${line}`);
	});
	same(bad.join('\n'), '', `${lines.length} random networks survive encoding, decoding and parsing`);
	ok(lines.length >= 48, 'all of them were made');
}

async function behaviour() {
	await open('success', { javaScriptEnabled: false, viewport: windows.phone }, async page => {
		ok(!await page.locator('.groups').isVisible(), 'without a script the passphrase is masked');
		await page.locator('.reveal > summary').click();
		same((await page.locator('.groups').innerText()).replace(/\s/g, ''), read('plain.pass'), 'and can be shown');
		ok(!await page.locator('[data-copy]').isVisible(), 'and no dead copy button stands there');
		await page.screenshot({ path: path.join(shots, 'noscript.png'), fullPage: true });
		await page.locator('form[action="/key/new"] button').click();
		await page.locator('form[action="/key/mail"] button').click();
		await page.locator('form[action="/logout"] button').click();
		const id = 'id=0f8fad5b-d9cb-469f-a165-70867728950e';
		same(posted.join(), `/key/new csrf=3f9c1a&${id},/key/mail csrf=3f9c1a&${id},/logout csrf=3f9c1a`,
			'and the forms send their token and the key they stand on');
	});
	for (const [name, want] of [['success', 'plain'], ['success_nasty', 'nasty']])
		await open(name, { permissions: ['clipboard-read', 'clipboard-write'] }, async page => {
			await page.locator('[data-copy]').click();
			await page.waitForFunction(() => document.querySelector('[data-copy-text]').textContent === 'Copied');
			same(await page.evaluate(() => navigator.clipboard.readText()), read(want + '.pass'), `${name}: copy takes the passphrase as it is`);
		});
	live = { devices: [] };
	await open('success', {}, async (page, trouble) => {
		ok(await page.getByText('This page tells you the moment it joins.').isVisible(), 'the page waits for the first device');
		live = { devices: [{ name: '<b>Jana’s iPhone</b>', mac: 'fe:ad:9a:e6:aa:bd', since: 1795426800 }] };
		await page.getByText('1 device online with this key').waitFor({ timeout: 8000 });
		ok(await page.locator('.tag.joined .cap').isVisible(), 'when it joins, the fob fills with the accent');
		ok((await page.locator('.cap').innerText()).includes('<b>Jana’s iPhone</b> joined at'), 'and names the device, as text');
		same(await page.locator('[data-live-count]').innerText(), '1', 'and counts it');
		await page.screenshot({ path: path.join(shots, 'live-joined.png'), fullPage: true });
		live = { devices: [] };
		await page.getByText('Waiting for your first device').waitFor({ timeout: 8000 });
		ok(!await page.locator('.tag .cap').isVisible(), 'when it leaves, the page waits again');
		same(trouble.join('\n'), '', 'all that without a complaint in the console');
	});
	live = null;
	await open('my', { javaScriptEnabled: false }, async page => {
		ok(!await page.locator('.qr').first().isVisible(), 'my keys hides codes until tapped');
		await page.locator('.uncover > summary').first().click();
		ok(await page.locator('.qr').first().isVisible(), 'and shows one on a tap, without a script');
		ok(await page.locator('.groups').first().isVisible(), 'with its passphrase');
	});
	await open('success', { viewport: windows.phone }, async page => {
		await page.locator('body').press('Tab');
		same(await page.evaluate(() => document.activeElement.textContent), 'Skip to content', 'the first Tab offers to skip to the content');
		await page.emulateMedia({ media: 'print' });
		ok(!await page.locator('.people-top').isVisible() && await page.locator('.qr').isVisible(), 'on paper the card stands alone');
	});
}

try {
	await markup();
	const queue = [...names]; // two at a time: as many as this project's machines have cores
	await Promise.all([1, 2].map(async () => {
		for (let name; (name = queue.shift());)
			await open(name, { deviceScaleFactor: ['success', 'success_nasty'].includes(name) ? 2 : 1 }, (page, trouble) =>
				look(name, mails.includes(name) ? ['phone'] : Object.keys(windows), trouble, page));
	}));
	await codes();
	randomCodes();
	await behaviour();
} catch (e) {
	ok(false, 'the pages can be looked at', e.stack);
} finally {
	await browser.close();
	server.close();
	rmSync(pages, { recursive: true, force: true });
	end();
}
