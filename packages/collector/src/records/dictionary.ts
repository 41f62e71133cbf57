/**
 * The text that packed records are compressed against: a batch of few events is mostly names of fields. Records that
 * are stored need it for ever, so a better text is a further version and never a change of this one.
 */
export const DICTIONARY = Buffer.from(
  [
    '"properties":{"name":"value","category":"","price":0},"traits":{"cause":"history","cause":"restore","granted","denied"',
    '"position_ms":0,"duration_ms":0,"rate":1,"muted":false,"quartile":0,"kind":"video","action":"play","pause","ended"',
    '{"type":"web_vital","name":"LCP","value":0,"rating":"good","needs_improvement"},{"type":"error","message":"","source":"https://',
    '{"type":"identify","user_id":""},{"type":"custom","name":"","properties":{"',
    '"dropped":[{"from_seq":0,"to_seq":0,"reason":"expired"}],"user_id":"","consent":{"measurement":"granted","personalisation":"granted"},',
    '{"type":"element_dwell","target":{"tag":"section","id":"","name":"","role":"","path":"main > section:nth-of-type(1) > div > p > a"},"visible_ms":0',
    '{"type":"scroll","view_id":"","depth":0.5,"max_depth":0.75,"scroll_y":0,"page_height":0,"viewport_height":0,"direction":"down"',
    '{"type":"dwell","view_id":"","visible_ms":0,"engaged_ms":0,"idle_ms":0,"reason":"hidden","heartbeat"',
    '{"type":"hover","target":{"tag":"button","path":"#","name":""},"duration_ms":0,"x":0,"y":0,"pointer_type":"mouse"',
    '{"push":1,"arrival":1,"received_at":1790000000000,"anonymous_id":"","events":1,"shift":0,"envelope":0}\n',
    '{"v":1,"key":"tm_","sent_at":1790000000000,"session_id":"","anonymous_id":"","tab_id":"","sdk":"js/0.1.0","dropped":[],',
    '"views":[{"view_id":"","started_at":1790000000000,"url":"https://www.","path":"/","canonical_url":"https://","title":"","referrer":"https://www.google.com/","language":"en-GB","time_zone":"Europe/Berlin","viewport_width":1280,"viewport_height":720,"screen_width":1920,"screen_height":1080,"connection":"4g","color_scheme":"light"}]}\n',
    '[{"type":"page_view","seq":0,"time":1790000000000,"view_id":"","cause":"load"},',
    '{"type":"click","seq":1,"time":1790000000000,"view_id":"","target":{"tag":"a","id":"","path":"#"},"x":0,"y":0,"page_x":0,"page_y":0,"element_x":0,"element_y":0,"button":0,"pointer_type":"mouse","link":"https://"}]',
  ].join(""),
);
