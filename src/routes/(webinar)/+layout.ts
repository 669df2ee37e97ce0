import { error } from "@sveltejs/kit";
import { problemWords } from "#lib/components/problem-words.ts";
import { ApiProblem, createApi } from "#lib/control/api.ts";
import type { LayoutLoad } from "./$types";

/** The webinar as it is when the page opens, or the error page with the reason in words. */
export const load: LayoutLoad = async ({ params, fetch }) => {
	try {
		return { webinar: await createApi({ fetch }).getWebinar(params.id ?? "") };
	} catch (problem) {
		// What could not even be an id is a mistyped address as well.
		const missing = problem instanceof ApiProblem && [400, 404].includes(problem.status);
		error(missing ? 404 : 503, problemWords(missing ? { code: "webinar-unknown" } : problem));
	}
};
