/** Reports an error about a field of settings unless the condition holds. It does not return in that case. */
export type ExpectSetting = (condition: boolean, field: string, expected: string, given: unknown) => void;
