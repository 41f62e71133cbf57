/** The localStorage key of a site's notes about reactions. `name`: the site's storage name. */
export const reactionsName = (name: string): string => `${name}.reactions`;
