// The form was sent, or its link is over: this tab keeps nothing of it.
"use strict";

(() => {
  try {
    for (const name of Object.keys(sessionStorage)) {
      if (name.startsWith("form:")) sessionStorage.removeItem(name);
    }
  } catch (error) {
    return; // this browser keeps nothing for pages
  }
})();
