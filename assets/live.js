// The success page tells when a device joins: it asks GET /key/live, which answers
// {"devices":[{"name":"…","mac":"aa:bb:…","since":1795426800}]}, newest first.
const line = document.querySelector("[data-live]");
const every = 3000; // milliseconds; doubled up to a minute while the portal does not answer
const clock = new Intl.DateTimeFormat(undefined, { hour: "numeric", minute: "2-digit" });
const find = (name) => document.querySelector(`[data-live-${name}]`);

function show(devices) {
	const online = devices.length > 0;
	const newest = devices[0];

	find("count").textContent = devices.length;
	find("dot").className = online ? "st st-on" : "st st-wait";
	say(find("head"), online
		? `${devices.length} device${devices.length === 1 ? "" : "s"} online with this key`
		: "Waiting for your first device");
	say(find("text"), online ? "The next one shows up here by itself." : "This page tells you the moment it joins.");
	find("cap").hidden = !online;
	document.querySelector(".tag").classList.toggle("joined", online);
	if (online)
		say(find("who"), `${newest.name || newest.mac} joined at ${clock.format(newest.since * 1000)}`);
}

// A live region is read aloud on every change, so nothing is written twice.
function say(element, text) {
	if (element.textContent !== text)
		element.textContent = text;
}

async function ask(wait) {
	if (!document.hidden) {
		try {
			const reply = await fetch(line.dataset.live, { headers: { Accept: "application/json" }, redirect: "error" });

			if (reply.status === 401 || reply.status === 403 || reply.status === 404)
				return; // signed out, or no key any more: a reload says so
			if (!reply.ok)
				throw new Error(reply.status);
			show((await reply.json()).devices);
			wait = every;
		} catch {
			wait = Math.min(wait * 2, 60000);
		}
	}
	setTimeout(ask, wait, wait);
}

if (line)
	ask(every);
