// One conversation, live, in plain JavaScript.
//
//   index.html?server=http://127.0.0.1:8080&user=1&group=1       (or &peer=2 in place of &group)
//   … &token=<JWT>                                               (a server in token mode)
//
// How it stays complete: it begins with GET /sync, which gives a cursor, and the newest messages. Then it
// follows what happens from that cursor on. Each event has a cursor; after a lost connection it goes on from the
// last one that it saw, so it misses nothing and is given nothing twice. Messages are kept by id and shown by `seq`.

const params = new URLSearchParams(location.search);
const server = params.get("server") ?? location.origin;
const me = Number(params.get("user"));
const token = params.get("token");
const place = params.has("group")
  ? { group_id: Number(params.get("group")) }
  : { receiver_id: Number(params.get("peer")) };

const messages = new Map(); // by id
const pending = new Map(); // what was typed and is not acknowledged, by its idempotency key
const seenBy = new Map(); // how far others have seen, by user: a message's id
const typing = new Map(); // until when others are typing, by user

let cursor = null;
let source = null;

// ---- Asking the server ------------------------------------------------------------------------------------------

class Refused extends Error {
  constructor(status, problem) {
    super(problem.detail ?? `status ${status}`);
    Object.assign(this, { status, code: problem.code });
  }
}

async function ask(method, path, { body, key } = {}) {
  const headers = token ? { Authorization: `Bearer ${token}` } : { "X-User-Id": String(me) };
  if (body) headers["Content-Type"] = "application/json";
  if (key) headers["Idempotency-Key"] = key;
  const response = await fetch(server + path, { method, headers, body: body && JSON.stringify(body) });
  const told = response.status === 204 ? {} : await response.json();
  if (!response.ok) throw new Refused(response.status, told);
  return told;
}

const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

// ---- Following what happens -------------------------------------------------------------------------------------

// The beginning, and the beginning anew when the server no longer has what came after our cursor.
async function begin() {
  ({ cursor } = await ask("GET", "/sync?limit=1"));
  const newest = await ask("GET", `/messages?limit=50&${new URLSearchParams(place)}`);
  messages.clear();
  newest.forEach((message) => messages.set(message.id, message));
  render();
}

async function follow() {
  for (let attempt = 0; ; attempt++) {
    try {
      if (cursor === null) await begin();
      // EventSource can send no header; a ticket says who it is. It is good once, so each connection takes another.
      const { ticket } = await ask("POST", "/tickets");
      // The server would refuse a cursor that it no longer knows, and EventSource would not tell us so.
      await ask("GET", `/events?limit=1&after=${cursor}`);
      await listen(ticket, () => (attempt = 0));
    } catch (error) {
      if (error.status === 410) cursor = null;
    }
    show("reconnecting");
    // Not all clients at the same moment.
    await pause(Math.min(250 * 2 ** attempt, 5000) * (0.5 + Math.random()));
  }
}

// Listens until the connection is lost. EventSource would come back by itself, with the ticket that is used up.
function listen(ticket, opened) {
  return new Promise((resolve) => {
    source = new EventSource(`${server}/events?after=${cursor}&ticket=${ticket}`);
    source.onerror = () => {
      source.close();
      resolve();
    };
    source.addEventListener("ready", () => {
      opened();
      show("live");
    });
    for (const [kind, take] of Object.entries(events)) {
      source.addEventListener(kind, (event) => {
        const told = JSON.parse(event.data);
        take(told.data, told);
        // Only now: what was not taken in is to be told again.
        if (event.lastEventId) cursor = event.lastEventId;
        render();
      });
    }
  });
}

const isHere = (message) =>
  place.group_id
    ? message.group_id === place.group_id
    : [me, place.receiver_id].includes(message.sender_id) &&
      [me, place.receiver_id].includes(message.receiver_id);

const events = {
  "message.created": (message) => {
    if (!isHere(message)) return;
    messages.set(message.id, message);
    typing.delete(message.sender_id);
    if (message.sender_id !== me) markSeen(message);
  },
  "message.deleted": (message) => {
    const known = messages.get(message.id);
    if (known) messages.set(message.id, { ...known, content: undefined, deleted: true });
  },
  "message.seen": (seen) => {
    if (messages.has(seen.message_id)) {
      seenBy.set(seen.user_id, Math.max(seen.message_id, seenBy.get(seen.user_id) ?? 0));
    }
  },
  "group.updated": (group) => {
    if (group.id === place.group_id) document.getElementById("name").textContent = group.name;
  },
  typing: (who, told) => {
    const here = [...messages.values()].some((one) => one.conversation_id === told.conversation_id);
    if (here) typing.set(who.user_id, Date.now() + 6000);
  },
};

// ---- Saying something -------------------------------------------------------------------------------------------

// The same key however often it is sent again: the server stores it once.
async function send(content) {
  const key = crypto.randomUUID();
  pending.set(key, content);
  render();
  while (pending.has(key)) {
    try {
      const message = await ask("POST", "/messages", { body: { ...place, type: "text", content }, key });
      messages.set(message.id, { ...message, ...messages.get(message.id) });
      pending.delete(key);
    } catch (error) {
      // No answer, or one that says to come again; anything else will not get better.
      if (error instanceof Refused && error.status < 500 && error.status !== 429) {
        pending.delete(key);
        alert(error.message);
      } else {
        await pause(500);
      }
    }
    render();
  }
}

function markSeen(message) {
  // It is lost without harm: the next one marks all before it.
  ask("POST", `/messages/${message.id}/seen`, { body: { up_to: true } }).catch(() => {});
}

document.getElementById("form").addEventListener("submit", (event) => {
  event.preventDefault();
  const text = document.getElementById("text");
  if (text.value.trim()) send(text.value.trim());
  text.value = "";
});

// ---- Showing it -------------------------------------------------------------------------------------------------

function show(state) {
  const shown = document.getElementById("state");
  shown.dataset.state = state;
  shown.textContent = state;
}

function line({ id, sender_id, content, deleted }) {
  const item = document.createElement("li");
  if (id) item.dataset.id = id;
  item.classList.toggle("mine", sender_id === me);
  item.classList.toggle("deleted", Boolean(deleted));
  item.classList.toggle("pending", !id);
  // As text, never as HTML: it is what somebody else has typed.
  item.textContent = deleted ? "(deleted)" : content;
  const readers = [...seenBy].filter(([user, upTo]) => id && upTo >= id && user !== sender_id);
  if (sender_id === me && readers.length) {
    const note = document.createElement("small");
    note.textContent = `seen by ${readers.length}`;
    item.append(note);
  }
  return item;
}

function render() {
  const inOrder = [...messages.values()].sort((one, other) => one.seq - other.seq);
  const waiting = [...pending.values()].map((content) => ({ sender_id: me, content }));
  document.getElementById("messages").replaceChildren(...[...inOrder, ...waiting].map(line));
  const now = Date.now();
  const writing = [...typing].filter(([user, until]) => user !== me && until > now);
  document.getElementById("typing").textContent = writing.length ? "somebody is typing …" : "";
}

setInterval(render, 1000);
follow();
