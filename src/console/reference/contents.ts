import type { Contract } from "../contract/contract.ts";
import type { ContractType } from "../contract/document.ts";

/** Types of a package that belong together. */
export type ContentsGroup = {
  readonly title: string;
  readonly types: readonly ContractType[];
  /** Whether readers come to them from elsewhere, such as to a request from its method. */
  readonly isDetail: boolean;
};

/** Returns the types of a package in groups; groups without types are left out. */
export function contentsOf(packageName: string, { document }: Contract): readonly ContentsGroup[] {
  const types = document.types.filter((type) => type.package === packageName);
  const isEnvelope = ({ kind, name }: ContractType) => kind === "message" && /(Request|Response)$/.test(name);
  const groups: readonly ContentsGroup[] = [
    { title: "Services", types: types.filter(({ kind }) => kind === "service"), isDetail: false },
    {
      title: "Messages",
      types: types.filter((type) => type.kind === "message" && !isEnvelope(type)),
      isDetail: false,
    },
    { title: "Enums", types: types.filter(({ kind }) => kind === "enum"), isDetail: false },
    { title: "Requests and responses", types: types.filter(isEnvelope), isDetail: true },
  ];
  return groups.filter((group) => group.types.length > 0);
}
