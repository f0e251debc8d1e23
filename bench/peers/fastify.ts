import fastify from "fastify";
import { reportToParent } from "./report.ts";

// Routes, reads the JSON, sets the name and writes it back. No token, validation, log or store.
const app = fastify({ logger: false });
type Create = { Params: { asn: string; user: string }; Body: { name: string } };
app.post<Create>("/v1/operators/:asn/clients/:client/users/:user/planStatus", async ({ params, body }) => {
  body.name = `operators/${params.asn}/planStatuses/${params.user}`;
  return body;
});
reportToParent(await app.listen({ host: "127.0.0.1", port: 0 }));
