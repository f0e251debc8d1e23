import { createRequire } from "node:module";
import { reportToParent } from "./report.ts";

// Routes, reads the JSON, sets the name and writes it back. No token, validation, log or store.
const fastify = createRequire(import.meta.url)("fastify");
const app = fastify({ logger: false });
type Create = { params: { asn: string; user: string }; body: { name: string } };
app.post("/v1/operators/:asn/clients/:client/users/:user/planStatus", async ({ params, body }: Create) => {
  body.name = `operators/${params.asn}/planStatuses/${params.user}`;
  return body;
});
reportToParent(await app.listen({ host: "127.0.0.1", port: 0 }));
