// Copy buttons: <button data-copy="ID" hidden> copies the text of that element. Without a script
// the button stays hidden and the text can still be selected.
for (const button of document.querySelectorAll("[data-copy]")) {
	const words = button.querySelector("[data-copy-text]");
	const before = words.textContent;
	let timer = 0;

	button.hidden = false;
	button.addEventListener("click", async () => {
		const text = document.getElementById(button.dataset.copy).textContent;

		clearTimeout(timer);
		words.textContent = (await copied(text)) ? "Copied" : "Select it and copy";
		timer = setTimeout(() => (words.textContent = before), 2500);
	});
}

async function copied(text) {
	try {
		await navigator.clipboard.writeText(text);
		return true;
	} catch {
		// no permission, or plain http on a host that is not this machine
		const area = document.createElement("textarea");

		area.value = text;
		area.className = "vh";
		document.body.append(area);
		area.select();
		const done = document.execCommand("copy");
		area.remove();
		return done;
	}
}
