// <time data-clock> says a time of day in UTC; here it becomes the reader's own.
const clock = new Intl.DateTimeFormat(undefined, { hour: "numeric", minute: "2-digit" });

for (const time of document.querySelectorAll("time[data-clock]")) {
	const at = new Date(time.dateTime);

	if (!Number.isNaN(at.getTime()))
		time.textContent = clock.format(at);
}
