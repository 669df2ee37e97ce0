/** Everything here lives off the browser: devices, WebSockets, media. The server sends the frame only. */
export const ssr = false;
