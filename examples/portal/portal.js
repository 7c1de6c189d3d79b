/* What the portal's pages say to Casebook: who is signed in, by a token that the portal signs. */
"use strict";

async function getToken() {
  const response = await fetch("/casebook-token", { method: "POST" });
  if (!response.ok) throw new Error(`the portal gives no token: ${response.status}`);
  return response.text();
}

function introduce() {
  Casebook.setToken(document.body.dataset.member ? getToken : null);
}

// The widget's script comes when it comes, before this one or after it; an element's id is not it.
if (window.Casebook?.setToken) introduce();
else addEventListener("casebook", introduce, { once: true });

// The whole chat in a tab of its own: the token is posted there, and is in no address.
const chat = document.querySelector("form.chat");
chat?.addEventListener("submit", async (event) => {
  event.preventDefault();
  chat.elements.token.value = await getToken();
  chat.submit();
  chat.reset();
});
// Whoever came for a link of Casebook's goes on to it.
if (chat?.elements.next.value) {
  chat.target = "_self";
  chat.requestSubmit();
}
