import type { Contract } from "../contract/contract.ts";
import type { ContractPackage, ContractType } from "../contract/document.ts";
import { hrefOf } from "../ui/route.ts";
import { contentsOf } from "./contents.ts";
import { Downloads } from "./downloads.tsx";
import { MethodList } from "./service-view.tsx";

/** The whole contract at a glance. */
export function Overview({ contract }: { contract: Contract }) {
  return (
    <>
      <h2 tabIndex={-1}>Overview</h2>
      <p>
        Every service, message, enum and error of the contract, from the comments and rules of its protos.
        JSON is that of Protobuf: field names are lowerCamelCase, 64-bit integers are strings, times are RFC
        3339, enums are names. Requests may also use the names of the protos.
      </p>
      <p>
        For programs that handle errors:{" "}
        <Link contract={contract} name="mobiledataplansharing.v1.ErrorReason" /> says what each reason means
        and what to do.
      </p>
      <h3>Downloads</h3>
      <Downloads />
      {contract.document.packages.map((each) => (
        <section key={each.name}>
          <h3>
            <a href={hrefOf("reference", [each.name])}>{each.name}</a>
          </h3>
          <p class="muted">{each.title}</p>
          <PackageTypes name={each.name} contract={contract} level="h4" />
        </section>
      ))}
    </>
  );
}

function Link({ contract, name }: { contract: Contract; name: string }) {
  return <a href={hrefOf("reference", [name])}>{contract.find(name)?.name ?? name}</a>;
}

/** One package of the contract. */
export function PackageView({ shown, contract }: { shown: ContractPackage; contract: Contract }) {
  return (
    <>
      <nav class="reference-crumbs" aria-label="Belongs to">
        <a href={hrefOf("reference")}>Overview</a>
      </nav>
      <h2 tabIndex={-1}>{shown.name}</h2>
      <p class="muted">{shown.title}</p>
      <PackageTypes name={shown.name} contract={contract} level="h3" />
    </>
  );
}

function PackageTypes({
  name,
  contract,
  level: Level,
}: {
  name: string;
  contract: Contract;
  level: "h3" | "h4";
}) {
  return (
    <>
      {contentsOf(name, contract).map(({ title, types, isDetail }) =>
        isDetail ? (
          <details key={title}>
            <summary>
              {title} ({types.length})
            </summary>
            <TypeList types={types} />
          </details>
        ) : types.some(({ kind }) => kind === "service") ? (
          <Services key={title} types={types} level={Level} />
        ) : (
          <section key={title}>
            <Level>{title}</Level>
            <TypeList types={types} />
          </section>
        ),
      )}
    </>
  );
}

function Services({ types, level: Level }: { types: readonly ContractType[]; level: "h3" | "h4" }) {
  return (
    <>
      {types.map(
        (type) =>
          type.kind === "service" && (
            <section key={type.fullName}>
              <Level>
                <a href={hrefOf("reference", [type.fullName])}>{type.name}</a>
              </Level>
              <p>{type.summary}</p>
              <MethodList methods={type.methods} />
            </section>
          ),
      )}
    </>
  );
}

function TypeList({ types }: { types: readonly ContractType[] }) {
  return (
    <dl class="reference-index">
      {types.map((type) => (
        <div key={type.fullName}>
          <dt>
            <a href={hrefOf("reference", [type.fullName])}>{type.name}</a>
          </dt>
          <dd>{type.summary}</dd>
        </div>
      ))}
    </dl>
  );
}
