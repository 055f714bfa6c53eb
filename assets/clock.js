// <time data-clock> says a moment in UTC; here it becomes the reader's own time of day, with the
// weekday when it was not today.
const clock = { hour: "numeric", minute: "2-digit" };
const today = new Date().toDateString();

for (const time of document.querySelectorAll("time[data-clock]")) {
	const at = new Date(time.dateTime);

	if (!Number.isNaN(at.getTime()))
		time.textContent = at.toLocaleString(undefined, at.toDateString() === today ? clock : { weekday: "short", ...clock });
}
