import { createServer } from "node:http";
import { reportToParent } from "./report.ts";

// Takes every push and answers it with next to nothing: what is left is the cost of the one who pushes.
const answer = '{"name":"operators/65001/planStatuses/x"}';
const server = createServer((request, response) => {
  request.resume();
  request.on("end", () => {
    response.writeHead(200, { "content-type": "application/json", "content-length": answer.length });
    response.end(answer);
  });
});
server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  reportToParent(`http://127.0.0.1:${typeof address === "object" ? address?.port : ""}`);
});
