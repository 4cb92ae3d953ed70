location.search==="?wrong"&&(document.getElementById("wrong").hidden=!1);
