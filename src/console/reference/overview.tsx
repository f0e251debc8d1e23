import type { Contract } from "../contract/contract.ts";
import type { ContractType } from "../contract/document.ts";
import { hrefOf } from "../ui/route.ts";
import { Downloads } from "./downloads.tsx";
import { MethodList } from "./service-view.tsx";

/** The whole contract at a glance. */
export function Overview({ contract }: { contract: Contract }) {
  return (
    <>
      <h2 tabIndex={-1}>Overview</h2>
      <p>
        Every service, message, enum and error of the contract, from its protos. JSON is that of Protobuf:
        field names are lowerCamelCase, 64-bit integers are strings, times are RFC 3339, enums are names.
        Requests may also use the names of the protos.
      </p>
      <Downloads />
      {contract.document.packages.map(({ name }) => (
        <PackageSection key={name} name={name} contract={contract} />
      ))}
    </>
  );
}

/** One package of the contract. */
export function PackageView({ name, contract }: { name: string; contract: Contract }) {
  return (
    <>
      <h2 tabIndex={-1}>
        {name} <span class="kind">package</span>
      </h2>
      <PackageTypes name={name} contract={contract} />
    </>
  );
}

function PackageSection({ name, contract }: { name: string; contract: Contract }) {
  return (
    <section>
      <h3>
        <a href={hrefOf("reference", [name])}>{name}</a>
      </h3>
      <PackageTypes name={name} contract={contract} />
    </section>
  );
}

function PackageTypes({ name, contract }: { name: string; contract: Contract }) {
  const types = contract.document.types.filter((type) => type.package === name);
  return (
    <>
      {types.map((type) =>
        type.kind === "service" ? (
          <div key={type.fullName}>
            <p>
              <a href={hrefOf("reference", [type.fullName])}>{type.name}</a> {type.summary}
            </p>
            <MethodList methods={type.methods} />
          </div>
        ) : null,
      )}
      <TypeList title="Messages" types={types.filter(({ kind }) => kind === "message")} />
      <TypeList title="Enums" types={types.filter(({ kind }) => kind === "enum")} />
    </>
  );
}

function TypeList({ title, types }: { title: string; types: readonly ContractType[] }) {
  if (types.length === 0) {
    return null;
  }
  return (
    <>
      <p>{title}</p>
      <dl class="members">
        {types.map((type) => (
          <div key={type.fullName} class="member">
            <dt>
              <a class="member-name" href={hrefOf("reference", [type.fullName])}>
                {type.name}
              </a>
            </dt>
            <dd>{type.summary}</dd>
          </div>
        ))}
      </dl>
    </>
  );
}
