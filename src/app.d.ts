/** Where SvelteKit looks for the app's own types (`App.Error` and the like); the defaults do. */
declare global {
	namespace App {}
}

export {};
