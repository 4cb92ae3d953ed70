location.hash==="#wrong"&&(document.getElementById("wrong").hidden=!1);
