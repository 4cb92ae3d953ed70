// The login form works without this; it only says that the last token was wrong.
if (location.hash === "#wrong") document.getElementById("wrong").hidden = false;
