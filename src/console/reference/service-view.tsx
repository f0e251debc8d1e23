import { useMemo } from "preact/hooks";
import { CommentView, InlineText } from "../contract/comment-view.tsx";
import type { Contract } from "../contract/contract.ts";
import type { MessageEntry, MessageUse, MethodEntry, ServiceEntry } from "../contract/document.ts";
import { emulatedNow } from "../emulator/emulated-clock.ts";
import { CodeBox } from "../ui/code-box.tsx";
import { exampleCommands } from "./examples/example-command.ts";
import { Heading } from "./heading.tsx";
import { Facts, Member } from "./member.tsx";
import { ReasonCodes } from "./reason-views.tsx";
import { Fields } from "./type-views.tsx";

/** A service and its methods. */
export function ServiceView({ service }: { service: ServiceEntry }) {
  return (
    <>
      <Heading entry={service} />
      <Facts
        facts={[
          ["Google's host", service.host && <code>{service.host}</code>],
          ["Scope", scopesOf(service)],
        ]}
      />
      <h3>Methods</h3>
      <MethodList methods={service.methods} />
    </>
  );
}

function scopesOf({ scopes }: ServiceEntry) {
  return scopes.length === 0
    ? "none: it needs no access token"
    : scopes.map((scope) => <code key={scope}>{scope}</code>);
}

/** Methods with their routes. */
export function MethodList({ methods }: { methods: readonly MethodEntry[] }) {
  return (
    <dl class="reference-members">
      {methods.map((method) => (
        <Member key={method.fullName} entry={method}>
          <p>{method.summary}</p>
          <Routes method={method} />
        </Member>
      ))}
    </dl>
  );
}

function Routes({ method: { routes } }: { method: MethodEntry }) {
  return (
    <>
      {routes.map((each) => (
        <code key={each} class="reference-route">
          {each}
        </code>
      ))}
    </>
  );
}

/** A method: how it is called, its request, its response and its errors. */
export function MethodView({
  method,
  service,
  contract,
}: {
  method: MethodEntry;
  service: ServiceEntry;
  contract: Contract;
}) {
  const request = requestOf(method, contract);
  const commands = useMemo(
    () => exampleCommands(method, service, { origin: location.origin, now: new Date(emulatedNow()) }),
    [method, service],
  );
  return (
    <>
      <Heading entry={method} parent={service} />
      <Facts
        facts={[
          ["REST", method.routes.length > 0 && <Routes method={method} />],
          ["Connect, gRPC, gRPC-Web", <code key="path">{method.path}</code>],
          ["Request", <UseView key="request" use={method.request} />],
          ["Response", <UseView key="response" use={method.response} />],
          ["Scope", scopesOf(service)],
        ]}
      />
      {method.example.length > 0 && (
        <>
          <h3>Example</h3>
          <CommentView blocks={method.example} />
          {commands.map((command, index) => (
            <details key={command}>
              <summary>As curl, for this emulator</summary>
              <CodeBox text={command} label={`Example ${index + 1} with curl`} />
            </details>
          ))}
        </>
      )}
      {request && (
        <>
          <h3>Fields of the request</h3>
          <Fields message={request} places={method.request.places} />
        </>
      )}
      {method.errors.length > 0 && (
        <>
          <h3>Errors</h3>
          <Errors method={method} contract={contract} />
        </>
      )}
    </>
  );
}

function UseView({ use: { type, isStream } }: { use: MessageUse }) {
  return (
    <span>
      {isStream && "stream of "}
      <InlineText text={type} />
    </span>
  );
}

function Errors({ method, contract }: { method: MethodEntry; contract: Contract }) {
  const values = method.errors.flatMap(({ reasons }) => reasons).map((reason) => contract.find(reason));
  return (
    <dl class="reference-members">
      {values.map(
        (value) =>
          value?.kind === "value" && (
            <Member key={value.fullName} entry={value} facts={<ReasonCodes value={value} />}>
              <p>{value.summary}</p>
            </Member>
          ),
      )}
    </dl>
  );
}

function requestOf({ request }: MethodEntry, contract: Contract): MessageEntry | undefined {
  const [first] = request.type;
  const entry = typeof first === "object" && first.to !== undefined ? contract.find(first.to) : undefined;
  return entry?.kind === "message" ? entry : undefined;
}
