/** The shelves, in their order in the shop. */
export const shelves = ["sea", "mountain", "kitchen"] as const;

/** One of the shelves. */
export type Shelf = (typeof shelves)[number];

/** A book, with the text of its first page. */
export interface Book {
  id: string;
  shelf: Shelf;
  title: string;
  author: string;
  text: readonly string[];
}

const books: readonly Book[] = [
  {
    id: "slack-water",
    shelf: "sea",
    title: "Slack Water",
    author: "Ines Halloran",
    text: [
      "There is a quarter of an hour, four times a day, in which the harbour at Tarn does nothing. The boats lie whichever way they were left. My grandmother called it the sea's tea break and would not have the wireless on.",
      "I was eleven before I understood that she used it to listen for engines. My grandfather's had a cough in it. She would stand with the kettle in her hand until she had it sorted out from the others, and only then pour.",
      "On the evening this begins there were nine engines, and none of them coughed.",
    ],
  },
  {
    id: "lamp-room",
    shelf: "sea",
    title: "The Lamp Room",
    author: "Piet van Aarden",
    text: [
      "They sent me to Skarholm to switch the light off. It had been burning by itself for thirty years, as they all do now, and a committee had found that no ship had needed it for the last twelve of them.",
      "The boatman would not help me with the boxes. He said that he had nothing against me. He set them on the lowest step, where the weed begins, and stood off a little way to see what the island would do.",
      "It let me in. I have thought about that since.",
    ],
  },
  {
    id: "wrack-line",
    shelf: "sea",
    title: "The Wrack Line",
    author: "Odile Marrec",
    text: [
      "A beach keeps its accounts in one long line, brought up to date twice a day. Reading it takes no training. Walk with your head down, go slowly, and when you catch yourself thinking about supper, turn round and walk that piece again.",
      "In this book we walk one mile of it, from the slip to the broken groyne, once in each week of a year. I have left out the weeks in which I found gold, since they were the dull ones.",
      "Take a bag. You will come home with a shoe.",
    ],
  },
  {
    id: "north-side",
    shelf: "mountain",
    title: "The North Side",
    author: "Lukas Amrein",
    text: [
      "From the village you see the south face, which is on the postcards. Nobody has ever bought a picture of the north side. It is dark, it is loose, and from November on the sun does not look at it.",
      "My sister and I grew up below it, in the only house on that bank of the river. At school they asked us whether it was true that we had no shadows. We said that we kept them indoors.",
      "So when the man came who wanted to climb it, he came to us.",
    ],
  },
  {
    id: "hut-book",
    shelf: "mountain",
    title: "The Hut Book",
    author: "Carla Bonetti",
    text: [
      "Every hut has a book, and every book has the same three sentences in it: the weather, the thanks, and where we are going next. The last is the one that matters. If you do not come down, it is where they begin to look.",
      "I was warden at the Forcella for nineteen summers. In the second of them somebody began to write, under next, the names of places that are not on any map. It was a fine clear hand.",
      "He always came down. That was what worried me.",
    ],
  },
  {
    id: "walking-uphill",
    shelf: "mountain",
    title: "On Walking Uphill",
    author: "Mara Lindqvist",
    text: [
      "Begin too slowly. Begin so slowly that the people who were putting on their boots beside you are out of sight before you have had a chance to dislike them. You will meet them again at the first spring, and they will be red.",
      "Nearly everything that can be said about going up a mountain has been said in that paragraph, and a shorter book would stop here. But there are days on which it rains.",
      "This one is for those.",
    ],
  },
  {
    id: "second-helping",
    shelf: "kitchen",
    title: "Second Helping",
    author: "Tom Okafor",
    text: [
      "The recipes in this book serve one person, twice. I live alone and I like lunch. Everything here is better on the second day, and some of it is not worth eating on the first.",
      "You need one heavy pot with a lid, one knife that you are a little afraid of, and a spoon of which you are fond. If you own more than that you may of course use it, but it will make the washing up longer and the beans no softer.",
      "Start the night before. I mean that in general.",
    ],
  },
  {
    id: "salt",
    shelf: "kitchen",
    title: "A Pinch, a Spoon, a Sack",
    author: "Renata Kovač",
    text: [
      "My mother salted by ear. She held the lid close to her head, shook the pot, and said: now. I have her pot and her kitchen and I have tried for twenty years, and all I get is soup.",
      "So I bought a scale. What follows is everything it says, in grams, with the places where I think that it lies.",
      "It begins with water, because everything does.",
    ],
  },
  {
    id: "bread-twice",
    shelf: "kitchen",
    title: "Bread, Twice a Week",
    author: "Ewan Strachan",
    text: [
      "This is one loaf. I shall not be giving you another. It is brown, it keeps for three days, and you bake it on Wednesday and on Saturday until you stop reading the instructions.",
      "Most books about bread are written by people who were lucky with it. I have kept the others' letters. They are in the second half, with my answers, and I would begin there.",
      "If it has not risen by now, it is cold in your kitchen. Put on a jumper and give it yours.",
    ],
  },
];

/** The path of a book's page. */
export const pathOf = ({ shelf, id }: Book): string => `/${shelf}/${id}`;

/** The book whose page has this path, if any. */
export const bookAt = (path: unknown): Book | undefined => books.find((book) => pathOf(book) === path);

/** The books of a shelf, in order. */
export const booksOn = (shelf: Shelf): readonly Book[] => books.filter((book) => book.shelf === shelf);

/** The first book of the shop that is not on the page with this path. */
export const anyBook = (path: string): Book => books.find((book) => pathOf(book) !== path) ?? (books[0] as Book);
