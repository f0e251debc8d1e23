import { useEffect, useMemo, useRef } from "preact/hooks";
import type { Record as StoredRecord } from "../../../gen/mobiledataplansharing/emulator/v1/emulator_resources_pb.ts";
import { asnOfParent, clientIds } from "../../contract/resource-names.ts";
import { emulator } from "../emulator/client.ts";
import { asnText } from "../emulator/resource-names.ts";
import { whileVisible } from "../emulator/while-visible.ts";
import { EmptyState } from "../ui/empty-state.tsx";
import { Field } from "../ui/field.tsx";
import { ProblemBox } from "../ui/problem-box.tsx";
import { goTo, hrefOf } from "../ui/route.ts";
import { Time } from "../ui/time.tsx";
import { type FoundRecords, listData, type OtherSubscriber, type RecordSearch } from "./list-data.ts";
import { choiceOf, expireTimeOf, updateTimeOf } from "./shown-record.ts";
import { choiceText, operatorOf, placeOf } from "./subscriber-address.ts";

/** All records that are stored, or those that a search finds. */
export function SubscriberList({ query }: { query: URLSearchParams }) {
  const data = useMemo(() => listData(emulator), []);
  useEffect(() => whileVisible(data.follow), []);
  const search = searchOf(query);
  const isOperator = search.operator === "" || asnOfParent(operatorOf(search.operator)) !== undefined;
  useEffect(() => {
    if (isOperator) {
      data.search(search);
    }
  });
  const { value: found } = data.found;
  const isEntered = useRef(false);
  const openEntered = () => {
    const record = found && isSame(found.search, search) ? bestOf(found) : undefined;
    if (isEntered.current && record !== undefined) {
      goTo(hrefOf("subscribers", ...placeOf(asnText(record.operator), record.userKey, choiceOf(record))));
    }
  };
  // The answer may come after the key.
  useEffect(openEntered, [found]);
  return (
    <>
      <h1>Subscribers</h1>
      <SearchForm
        search={search}
        isOperator={isOperator}
        suggestions={data.suggestions.value}
        onKey={(key) => {
          isEntered.current = key === "Enter";
          openEntered();
        }}
      />
      <ProblemBox problem={data.problem.value} />
      {found === undefined ? (
        data.problem.value === undefined && <p aria-busy="true">Loading…</p>
      ) : (
        <FoundList found={found} onMore={data.showMore} />
      )}
    </>
  );
}

/** Returns the record that Enter opens: the one with the whole key, else the first. */
function bestOf({ records, search }: FoundRecords): StoredRecord | undefined {
  return records.find(({ userKey }) => userKey === search.userKey) ?? records[0];
}

function isSame(a: RecordSearch, b: RecordSearch): boolean {
  return a.userKey === b.userKey && a.operator === b.operator && a.clientId === b.clientId;
}

function searchOf(query: URLSearchParams): RecordSearch {
  return {
    userKey: query.get("userKey") ?? "",
    operator: query.get("operator") ?? "",
    clientId: query.get("clientId") ?? "",
  };
}

function SearchForm({
  search,
  isOperator,
  suggestions,
  onKey,
}: {
  search: RecordSearch;
  isOperator: boolean;
  suggestions: readonly string[];
  onKey: (key: string) => void;
}) {
  const change = (changed: Partial<RecordSearch>) =>
    goTo(hrefOf("subscribers", [], { ...search, ...changed }), { replace: true });
  return (
    <search class="toolbar subscriber-search">
      <Field label="User key" hint="Any part of it, or a pattern: * stands for any characters">
        {(attributes) => (
          <input
            {...attributes}
            type="search"
            data-search
            list="known-keys"
            autocomplete="off"
            spellcheck={false}
            value={search.userKey}
            onKeyDown={(event) => onKey(event.key)}
            onInput={(event) => change({ userKey: event.currentTarget.value })}
          />
        )}
      </Field>
      <datalist id="known-keys">
        {suggestions.map((key) => (
          <option key={key} value={key} />
        ))}
      </datalist>
      <Field label="Operator" error={isOperator ? undefined : "must be an ASN, such as 65001"}>
        {(attributes) => (
          <input
            {...attributes}
            inputMode="numeric"
            size={11}
            autocomplete="off"
            value={search.operator}
            onInput={(event) => change({ operator: event.currentTarget.value.trim() })}
          />
        )}
      </Field>
      <Field label="Client">
        {(attributes) => (
          <select
            {...attributes}
            value={search.clientId}
            onChange={(event) => change({ clientId: event.currentTarget.value })}
          >
            <option value="">all</option>
            {clientIds.map((id) => (
              <option key={id}>{id}</option>
            ))}
          </select>
        )}
      </Field>
    </search>
  );
}

function FoundList({ found, onMore }: { found: FoundRecords; onMore: () => void }) {
  const { records, hasMore, others, search } = found;
  const isSearch = Object.values(search).some((text) => text !== "");
  return (
    <>
      <p role="status" class="muted">
        {hasMore ? `The first ${records.length} records` : countText(records.length)}
      </p>
      {records.length > 0 ? (
        <RecordTable records={records} />
      ) : (
        <EmptyState
          title={isSearch ? "No stored record matches" : "Nothing is stored"}
          command={isSearch ? undefined : loadCommand()}
        >
          {isSearch ? (
            <a href={hrefOf("subscribers")}>Show all records</a>
          ) : (
            <>
              <a href={hrefOf("playground")}>Push a status</a>, and it appears here at once. This command
              stores some subscribers:
            </>
          )}
        </EmptyState>
      )}
      {hasMore && (
        <button type="button" onClick={onMore}>
          More records
        </button>
      )}
      {others.length > 0 && <Others others={others} />}
    </>
  );
}

/** Returns a command that stores some subscribers. */
function loadCommand(): string {
  const scenario = JSON.stringify({ scenarioId: "subscribers" });
  return `curl -sS ${location.origin}/emulator/v1/scenarios:load -H "Content-Type: application/json" -d '${scenario}'`;
}

function countText(count: number): string {
  return count === 1 ? "1 record" : `${count} records`;
}

const columns = ["User key", "Client", "Plans", "Operator", "Updated", "Expires"];

function RecordTable({ records }: { records: readonly StoredRecord[] }) {
  return (
    <div class="table-box">
      <table class="table subscriber-table">
        <thead>
          <tr>
            {columns.map((name) => (
              <th key={name} scope="col">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {records.map((record) => (
            <RecordRow key={record.name} record={record} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function RecordRow({ record }: { record: StoredRecord }) {
  const asn = asnText(record.operator);
  const choice = choiceOf(record);
  const expires = expireTimeOf(record);
  return (
    <tr>
      <td class="subscriber-key">
        <a class="key" href={hrefOf("subscribers", ...placeOf(asn, record.userKey, choice))}>
          {record.userKey}
        </a>
      </td>
      <td>{choiceText(choice)}</td>
      <td class="subscriber-plans">
        <bdi>{planNames(record)}</bdi>
      </td>
      <td>{asn}</td>
      <td>
        <Time value={updateTimeOf(record)} isShort />
      </td>
      <td>{expires ? <Time value={expires} isShort /> : <span class="muted">never</span>}</td>
    </tr>
  );
}

function planNames({ resource }: StoredRecord): string {
  const plans = (resource.case === "planGroup" ? resource.value.dataPlans : resource.value?.plans) ?? [];
  return plans.length === 0 ? "no plan" : plans.map(({ planName, planId }) => planName || planId).join(", ");
}

/** Subscribers of whom nothing is stored: what they had has expired, or was rejected. */
function Others({ others }: { others: readonly OtherSubscriber[] }) {
  return (
    <section aria-labelledby="others">
      <h2 id="others">Called recently, and not in the list above</h2>
      <ul class="others">
        {others.map(({ operator, userKey }) => (
          <li key={`${operator} ${userKey}`}>
            <a class="key" href={hrefOf("subscribers", [asnText(operator), "-", userKey])}>
              {userKey}
            </a>{" "}
            <span class="muted">of operator {asnText(operator)}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}
