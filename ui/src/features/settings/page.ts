/** The pages of the settings. */
export type Page = 'sound' | 'notifications' | 'storage' | 'appearance' | 'account' | 'shortcuts' | 'about';
