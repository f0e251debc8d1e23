import { useEffect, useMemo } from "preact/hooks";
import type { Record as StoredRecord } from "../../../gen/mobiledataplansharing/emulator/v1/emulator_resources_pb.ts";
import { formatInstant, instantOf } from "../../contract/instant.ts";
import { clientIds } from "../../contract/resource-names.ts";
import { emulator } from "../emulator/client.ts";
import { goTo, hrefOf } from "../ui/route.ts";
import { listData } from "./list-data.ts";
import { choiceOf, expireTimeOf, updateTimeOf } from "./shown-record.ts";
import { asnText, placeOf } from "./subscriber-address.ts";
import { whileVisible } from "./while-visible.ts";

const filterNames = ["userKey", "operator", "clientId"] as const;

/** All records that are stored, or those that a search finds. */
export function SubscriberList({ query }: { query: URLSearchParams }) {
  const [userKey, operator, clientId] = filterNames.map((name) => query.get(name) ?? "") as [
    string,
    string,
    string,
  ];
  const data = useMemo(
    () => listData(emulator, { userKey, operator, clientId }),
    [userKey, operator, clientId],
  );
  useEffect(() => whileVisible(data.follow), [data]);
  const search = (change: Partial<Record<(typeof filterNames)[number], string>>) =>
    goTo(hrefOf("subscribers", [], { userKey, operator, clientId, ...change }), { replace: true });
  const { value: found } = data.found;
  return (
    <>
      <h1>Subscribers</h1>
      <search class="toolbar">
        <label>
          User key{" "}
          <input
            type="search"
            data-search
            list="known-keys"
            value={userKey}
            placeholder="+1415*"
            onInput={(event) => search({ userKey: event.currentTarget.value })}
          />
        </label>
        <datalist id="known-keys">
          {data.suggestions.value.map((key) => (
            <option key={key} value={key} />
          ))}
        </datalist>
        <label>
          Operator{" "}
          <input
            inputMode="numeric"
            size={10}
            value={operator}
            onInput={(event) => search({ operator: event.currentTarget.value.trim() })}
          />
        </label>
        <label>
          Client{" "}
          <select value={clientId} onChange={(event) => search({ clientId: event.currentTarget.value })}>
            <option value="">any</option>
            {clientIds.map((id) => (
              <option key={id}>{id}</option>
            ))}
          </select>
        </label>
      </search>
      {data.problem.value && <p role="alert">{data.problem.value.message}</p>}
      {found === undefined ? (
        data.problem.value === undefined && <p aria-busy="true">Loading…</p>
      ) : (
        <>
          <p role="status" class="muted">
            {found.records.length} {found.records.length === 1 ? "record" : "records"}
            {found.hasMore ? ", and perhaps more" : ""}
          </p>
          {found.records.length > 0 && <RecordTable records={found.records} />}
          {found.hasMore && (
            <button type="button" onClick={data.showMore}>
              More
            </button>
          )}
        </>
      )}
    </>
  );
}

function RecordTable({ records }: { records: readonly StoredRecord[] }) {
  return (
    <div class="table-box">
      <table class="table">
        <thead>
          <tr>
            <th scope="col">User key</th>
            <th scope="col">Operator</th>
            <th scope="col">Client</th>
            <th scope="col">Plans</th>
            <th scope="col">Updated</th>
            <th scope="col">Expires</th>
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
  const { resource } = record;
  const plans = (resource.case === "planGroup" ? resource.value.dataPlans : resource.value?.plans) ?? [];
  const [updated, expires] = [updateTimeOf(record), expireTimeOf(record)];
  return (
    <tr>
      <td>
        <a class="key" href={hrefOf("subscribers", ...placeOf(asn, record.userKey, choice))}>
          {record.userKey}
        </a>
      </td>
      <td>{asn}</td>
      <td>{choice.kind === "planGroup" ? "plan group" : choice.clientId || "every client"}</td>
      <td>{plans.map(({ planName, planId }) => planName || planId).join(", ")}</td>
      <td>{updated && formatInstant(instantOf(updated))}</td>
      <td>{expires ? formatInstant(instantOf(expires)) : "never"}</td>
    </tr>
  );
}
