/**
 * The words that leaked passwords are made of. A password that is up to three of them in a row, with or without digits, signs
 * and letters written as digits, is refused: several hundred words are well over a million such passwords.
 */
const words = `
password passwort passwd passcode passphrase letmein welcome admin administrator root login signin master secret default
changeme change please access system server user username guest test testing tester temp temporary qwerty qwertz azerty
qazwsx asdf zxcv zaq wsx abc abcd abcde abcdef iloveyou loveyou lovely love lover loveme princess sunshine shadow monkey
dragon football baseball basketball soccer hockey tennis golf michael jordan jennifer jessica ashley daniel andrew joshua
matthew charlie thomas robert anthony william george hannah nicole samantha amanda michelle melissa elizabeth justin
brandon taylor alexander jasmine victoria isabella sophie maggie buster ginger pepper cookie banana orange apple cherry
chocolate cheese butter coffee summer winter spring autumn january february march april june july august september october
november december monday tuesday wednesday thursday friday saturday sunday superman batman spiderman starwars pokemon
naruto mustang ferrari porsche mercedes corvette harley yamaha chelsea arsenal liverpool manchester barcelona juventus
madrid london paris berlin america england canada mexico brazil texas dallas boston chicago phoenix eagle tiger lion
panther dolphin rabbit kitten puppy horse chicken bear wolf hunter killer ranger warrior soldier knight wizard ninja pirate
samurai ghost angel devil heaven jesus christ blessed faith grace hope trust freedom peace happy lucky silver golden
diamond crystal purple yellow green black white blue red rainbow flower rose lily daisy jasmin computer internet google
facebook twitter instagram youtube microsoft windows linux samsung apple iphone android gaming gamer minecraft fortnite
player matrix hacker whatever nothing something anything everything forever always never again today tomorrow yesterday
family mother father sister brother mommy daddy baby babygirl babyboy honey sweetie sweet sugar candy sexy hello hallo hola
bonjour goodbye thanks music guitar piano drummer dancer singer metal rocknroll money dollar business company office work
school college student teacher doctor nurse police driver trucker fishing hunting camping swimming running fitness yoga
secure security private number phone mobile email account bank credit payment customer service support demo sample example
trustno starts begin super mega ultra power extreme legend hero champion winner number one two three four five six seven
eight nine ten zero hundred thousand million the and you are mine yours this that with from for not can will now new old
big small good bad best top first last
`;

export const commonWords: ReadonlySet<string> = new Set(words.trim().split(/\s+/));

/** Rows of neighbours: on keyboards, in the alphabet, in counting. */
export const rows: readonly string[] = [
  'abcdefghijklmnopqrstuvwxyz',
  '01234567890',
  'qwertyuiop[]',
  'qwertzuiopü',
  'azertyuiop',
  "asdfghjkl;'",
  'zxcvbnm,./',
  'yxcvbnm',
  '!@#$%^&*()_+',
  '1qaz2wsx3edc4rfv5tgb6yhn7ujm',
];
