/** A synthetic presenter in a process of its own, so that it can be killed. Arguments: endpoint, token, tone in Hz. Says "ready". */
import { startSyntheticPresenter } from "../../support/synthetic-presenter.ts";

const [endpoint = "", token = "", toneHz = "440"] = process.argv.slice(2);
await startSyntheticPresenter({ endpoint, token, toneHz: Number(toneHz), colour: [Number(toneHz) % 200, 80, 160] });
process.send?.("ready");
process.on("disconnect", () => process.exit());
