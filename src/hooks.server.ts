import type { HandleServerError } from "@sveltejs/kit";

/** An address without a page is a visitor's slip: it gets the error page, and the log stays free of it. */
export const handleError: HandleServerError = ({ error, status }) => {
	if (status !== 404) console.error(error);
};
