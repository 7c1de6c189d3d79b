/* Every message between the page that embeds Casebook and its frame. Types alone: nothing here is
   served. Both sides drop a message that comes from another window or origin, or is not of these. */

/** From `loader.js` on the portal's page to `frame.js`. */
export type ToFrame =
  /** The first one, once the frame has loaded. `language` is one of the loader's, `color` is `#rgb`, `#rrggbb` or empty. */
  | { type: "casebook:start"; language: string; theme: "light dark" | "light" | "dark"; color: string; greeting: string }
  /** The reader opens the widget. `sealed` is what the page has kept of the conversation, or empty. */
  | { type: "casebook:open"; sealed: string }
  /** The member's token, empty where there is none. `renews`: a newer one can be asked for. */
  | { type: "casebook:token"; token: string; renews: boolean }
  /** The member has signed out: forget what was said. An empty `casebook:keep` answers. */
  | { type: "casebook:forget" };

/** From `frame.js` to `loader.js`. */
export type ToPage =
  /** Answers `casebook:start`. */
  | { type: "casebook:ready" }
  /** The reader closes the widget. */
  | { type: "casebook:close" }
  /** A token is missing or runs out; `casebook:token` answers. */
  | { type: "casebook:need-token" }
  /** The conversation, sealed so that the page can neither read nor change it; empty: forget it. */
  | { type: "casebook:keep"; sealed: string };
