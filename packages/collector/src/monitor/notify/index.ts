export { type OpsgenieSettings, opsgenie } from "./opsgenie.ts";
export { type PagerDutySettings, pagerDuty } from "./pager-duty.ts";
export { type SlackSettings, slack } from "./slack.ts";
export { type WebhookAlertsSettings, webhookAlerts } from "./webhook-alerts.ts";
