import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { Code } from "#deps/google/rpc/code_pb.js";
import { Call_Protocol as Protocol } from "../../../../gen/mobiledataplansharing/emulator/v1/emulator_resources_pb.ts";
import { ErrorReason } from "../../../../gen/mobiledataplansharing/v1/errors_pb.ts";
import type { Problem } from "../../emulator/problem.ts";
import { goTo, hrefOf, route } from "../../ui/route.ts";
import { type CallFilters, hasFilters, onlyErrors, queryOf } from "../feed/call-filters.ts";
import { protocolNames } from "../feed/call-row.ts";

const codeNames = Object.keys(Code);
const reasonNames = Object.keys(ErrorReason).filter((name) => !name.endsWith("_UNSPECIFIED"));
const methodNames = [
  "CreateUserPlanStatus",
  "CreatePlanStatus",
  "CreatePlanGroup",
  "GetUserPlanStatus",
  "GetPlanStatus",
  "GetPlanGroup",
];
const protocols = ["REST", "CONNECT", "GRPC", "GRPC_WEB"] as const;

/** Milliseconds after the last key before a text is searched. */
const typingMs = 250;

/** The filters of the list. They are in the address, so that a reload or a copied address has them. */
export function CallsToolbar({ filters, problem }: { filters: CallFilters; problem: Problem | undefined }) {
  const set = (change: Partial<CallFilters>) => {
    const { segments } = route.peek();
    goTo(hrefOf("calls", segments, queryOf({ ...filters, ...change })), { replace: true });
  };
  // The list says what is wrong with it.
  const isInvalid = (field: string) =>
    problem?.violations.some((violation) => violation.field === field) ?? false;
  return (
    <search class="calls-filters" aria-label="Filter calls">
      <TextFilter
        label="User key"
        hint="User key, such as +1415*"
        value={filters.userKey}
        isInvalid={isInvalid("userKey")}
        onValue={(userKey) => set({ userKey })}
        isSearch
      />
      <TextFilter
        label="Operator"
        hint="Operator"
        value={filters.operator}
        isInvalid={isInvalid("operator")}
        onValue={(operator) => set({ operator })}
      />
      <Choice
        label="Outcome"
        value={filters.reason === "" ? filters.code : `reason ${filters.reason}`}
        onValue={(value) => set(outcomeFilters(value))}
      >
        <option value="">All outcomes</option>
        <option value={onlyErrors}>Only errors</option>
        <optgroup label="Code">
          {codeNames.map((name) => (
            <option key={name} value={name}>
              {name}
            </option>
          ))}
        </optgroup>
        <optgroup label="Reason">
          {reasonNames.map((name) => (
            <option key={name} value={`reason ${name}`}>
              {name}
            </option>
          ))}
        </optgroup>
      </Choice>
      <Choice label="Protocol" value={filters.protocol} onValue={(protocol) => set({ protocol })}>
        <option value="">All protocols</option>
        {protocols.map((protocol) => (
          <option key={protocol} value={protocol}>
            {protocolNames[Protocol[protocol]]}
          </option>
        ))}
      </Choice>
      <Choice label="Method" value={filters.method} onValue={(method) => set({ method })}>
        <option value="">All methods</option>
        {(methodNames.includes(filters.method) || filters.method === ""
          ? methodNames
          : [filters.method, ...methodNames]
        ).map((name) => (
          <option key={name} value={name}>
            {name}
          </option>
        ))}
      </Choice>
      {hasFilters(filters) && (
        <button type="button" onClick={() => goTo(hrefOf("calls", route.peek().segments), { replace: true })}>
          Show all
        </button>
      )}
    </search>
  );
}

function outcomeFilters(value: string): Pick<CallFilters, "code" | "reason"> {
  const [, reason] = /^reason (.*)$/.exec(value) ?? [];
  return reason === undefined ? { code: value, reason: "" } : { code: "", reason };
}

function TextFilter({
  label,
  hint,
  value,
  isInvalid,
  onValue,
  isSearch = false,
}: {
  label: string;
  hint: string;
  value: string;
  isInvalid: boolean;
  onValue: (value: string) => void;
  /** Whether `/` goes here. */
  isSearch?: boolean;
}) {
  const typed = useSignal(value);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => {
    typed.value = value;
    return () => clearTimeout(timer.current);
  }, [value]);
  const apply = () => {
    clearTimeout(timer.current);
    if (typed.value !== value) {
      onValue(typed.value);
    }
  };
  return (
    <div class={isSearch ? "text-filter search" : "text-filter"}>
      <input
        aria-label={label}
        type="search"
        value={typed.value}
        placeholder={hint}
        autocomplete="off"
        spellcheck={false}
        maxLength={isSearch ? 4_096 : 200}
        data-search={isSearch}
        aria-invalid={isInvalid}
        onInput={({ currentTarget }) => {
          typed.value = currentTarget.value;
          clearTimeout(timer.current);
          timer.current = setTimeout(apply, typingMs);
        }}
        onChange={apply}
      />
    </div>
  );
}

function Choice({
  label,
  value,
  onValue,
  children,
}: {
  label: string;
  value: string;
  onValue: (value: string) => void;
  children: ComponentChildren;
}) {
  return (
    <select
      class={value === "" ? "" : "chosen"}
      aria-label={label}
      value={value}
      onChange={({ currentTarget }) => onValue(currentTarget.value)}
    >
      {children}
    </select>
  );
}
