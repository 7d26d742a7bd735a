/** The pages of the settings. */
export type Page = 'appearance' | 'account' | 'shortcuts' | 'about';
