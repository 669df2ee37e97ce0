import * as z from "zod";

/** What the server's clock says as it answers: milliseconds since the Unix epoch. */
export const clockSchema = z.object({ now: z.number() });
