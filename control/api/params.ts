import * as z from "zod";

// Ids of any form: one that cannot exist is as unknown as one that does not, and is answered so.

export const webinarParams = z.object({ id: z.string().describe("The webinar's id") });

export const personParams = webinarParams.extend({ personId: z.string().describe("The person's id") });

export const outputParams = webinarParams.extend({ outputId: z.string().describe("The output's id") });
