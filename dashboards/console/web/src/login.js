// The login form works without this; it only says that the last token was wrong.
if (location.search === "?wrong") document.getElementById("wrong").hidden = false;
