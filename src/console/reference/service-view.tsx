import { CommentView, InlineText } from "../contract/comment-view.tsx";
import type { Contract } from "../contract/contract.ts";
import type { MessageUse, MethodEntry, ServiceEntry } from "../contract/document.ts";
import { hrefOf } from "../ui/route.ts";
import { Heading } from "./heading.tsx";
import { Fields } from "./type-views.tsx";

/** A service and its methods. */
export function ServiceView({ service }: { service: ServiceEntry }) {
  return (
    <>
      <Heading entry={service} kind="service" within={[[service.package, service.package]]} />
      <dl class="facts">
        {service.host && (
          <div>
            <dt>Google's host</dt>
            <dd>
              <code>{service.host}</code>
            </dd>
          </div>
        )}
        <div>
          <dt>Scope</dt>
          <dd>
            {service.scopes.length === 0
              ? "none: no token is needed"
              : service.scopes.map((scope) => <code key={scope}>{scope}</code>)}
          </dd>
        </div>
      </dl>
      <h3>Methods</h3>
      <MethodList methods={service.methods} />
    </>
  );
}

/** Methods with their routes. */
export function MethodList({ methods }: { methods: readonly MethodEntry[] }) {
  return (
    <dl class="members">
      {methods.map((method) => (
        <div key={method.fullName} class="member">
          <dt>
            <a class="member-name" href={hrefOf("reference", [method.fullName])}>
              {method.name}
            </a>
            {method.deprecated && <span class="kind warn">deprecated</span>}
          </dt>
          <dd>
            <p>{method.summary}</p>
            {method.routes.map((each) => (
              <p key={each} class="notes muted">
                <code>{each}</code>
              </p>
            ))}
          </dd>
        </div>
      ))}
    </dl>
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
  const request = messageOf(method.request, contract);
  return (
    <>
      <Heading
        entry={method}
        kind="method"
        within={[
          [service.package, service.package],
          [service.fullName, service.name],
        ]}
      />
      <dl class="facts">
        <div>
          <dt>REST</dt>
          <dd>
            {method.routes.map((each) => (
              <code key={each}>{each}</code>
            ))}
          </dd>
        </div>
        <div>
          <dt>Connect, gRPC, gRPC-Web</dt>
          <dd>
            <code>{method.path}</code>
          </dd>
        </div>
        <div>
          <dt>Request</dt>
          <dd>
            <UseView use={method.request} />
          </dd>
        </div>
        <div>
          <dt>Response</dt>
          <dd>
            <UseView use={method.response} />
          </dd>
        </div>
      </dl>
      {method.example.length > 0 && (
        <>
          <h3>Example</h3>
          <CommentView blocks={method.example} />
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
  return (
    <dl class="members">
      {method.errors.flatMap(({ status, code, reasons }) =>
        reasons.map((reason) => {
          const value = contract.find(reason);
          return (
            <div key={reason} class="member">
              <dt>
                <a class="member-name" href={hrefOf("reference", [reason])}>
                  {value?.name ?? reason}
                </a>
                <span class="muted">
                  {status} · {code}
                </span>
              </dt>
              <dd>
                <p>{value?.summary}</p>
              </dd>
            </div>
          );
        }),
      )}
    </dl>
  );
}

function messageOf({ type: [first] }: MessageUse, contract: Contract) {
  const entry = typeof first === "object" && first.to !== undefined ? contract.find(first.to) : undefined;
  return entry?.kind === "message" ? entry : undefined;
}
