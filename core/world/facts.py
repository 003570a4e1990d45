"""Every fact of the tiny world: subject, relation and its one right answer.

Facts are plain school knowledge about the real world, chosen so that one answer is usual. Where others could be
defended ("what does a cat eat?"), the world's answer is the one in this table; the world's truth is this table.
"""

from __future__ import annotations

from dataclasses import dataclass

from core.world.relations import RELATION_BY_NAME, with_article


@dataclass(frozen=True)
class Fact:
    """One fact. `answer` carries its own article or preposition ("a calf", "in a hive").

    `family` names the facts that stand or fall together in the split (hot–cold and cold–hot are one family).
    """

    relation: str
    subject: str
    answer: str
    family: str

    @property
    def item_id(self) -> str:
        """Stable name of the fact, e.g. "fact/capital/norway"."""
        return f"fact/{self.relation}/{self.subject.replace(' ', '-').lower()}"

    def fill(self, template: str) -> str:
        """A template of the fact's relation with its slots filled."""
        return fill(template, self.subject, self.answer)

    @property
    def questions(self) -> tuple[str, ...]:
        """The ways of asking for it, usual one first."""
        return tuple(self.fill(t) for t in RELATION_BY_NAME[self.relation].questions)

    @property
    def statements(self) -> tuple[str, ...]:
        """The ways of saying it in full, usual one first."""
        return tuple(self.fill(t) for t in RELATION_BY_NAME[self.relation].statements)

    @property
    def replies(self) -> tuple[str, ...]:
        """The short ways of answering, shortest first."""
        return tuple(self.fill(t) for t in RELATION_BY_NAME[self.relation].replies)

    @property
    def entries(self) -> tuple[str, ...]:
        """Lines of an encyclopedia: heading, colon, short reply or full statement."""
        relation = RELATION_BY_NAME[self.relation]
        short = (template for template in relation.replies if "answer" not in template)
        return tuple(self.fill(f"{relation.topic} : {template}") for template in (*short, relation.statements[0]))


def fill(template: str, subject: str, answer: str) -> str:
    """Fill a relation's template: {s} subject, {as} subject with article, {a} answer."""
    return template.format_map({"s": subject, "as": with_article(subject), "a": answer})


# Per relation: "subject: answer" pairs, separated by ";". "~" asks for the article ("a" or "an") of the noun after it.
_TABLES: dict[str, str] = {
    "capital": """
        Norway: Oslo; Sweden: Stockholm; Denmark: Copenhagen; Finland: Helsinki; Iceland: Reykjavik;
        Ireland: Dublin; France: Paris; Spain: Madrid; Portugal: Lisbon; Italy: Rome; Germany: Berlin;
        Austria: Vienna; Poland: Warsaw; Greece: Athens; Hungary: Budapest; Romania: Bucharest; Bulgaria: Sofia;
        Croatia: Zagreb; Serbia: Belgrade; Ukraine: Kyiv; Estonia: Tallinn; Latvia: Riga; Lithuania: Vilnius;
        Belgium: Brussels; Turkey: Ankara; Egypt: Cairo; Kenya: Nairobi; Ghana: Accra; Senegal: Dakar;
        Morocco: Rabat; Uganda: Kampala; Zambia: Lusaka; Japan: Tokyo; China: Beijing; Thailand: Bangkok;
        Vietnam: Hanoi; Nepal: Kathmandu; Iran: Tehran; Iraq: Baghdad; Qatar: Doha; Lebanon: Beirut; Canada: Ottawa;
        Cuba: Havana; Peru: Lima; Chile: Santiago; Colombia: Bogota; Ecuador: Quito; Australia: Canberra""",
    "colour": """
        the sky: blue; the sun: yellow; grass: green; snow: white; coal: black; blood: red; milk: white;
        a lemon: yellow; a banana: yellow; a tomato: red; a carrot: orange; a frog: green; a crow: black;
        a swan: white; a pig: pink; an elephant: grey; chocolate: brown; a leaf: green; the sea: blue;
        a flamingo: pink; a cherry: red; a plum: purple; a pea: green; a pumpkin: orange; a mouse: grey;
        a wolf: grey; wood: brown; a ruby: red; salt: white; a potato: brown; a cucumber: green; an emerald: green;
        ink: blue; the night: black; corn: yellow""",
    "young": """
        cow: ~calf; dog: ~puppy; cat: ~kitten; sheep: ~lamb; horse: ~foal; goat: ~kid; pig: ~piglet; hen: ~chick;
        duck: ~duckling; lion: ~cub; frog: ~tadpole; goose: ~gosling; deer: ~fawn; owl: ~owlet; eagle: ~eaglet;
        kangaroo: ~joey; swan: ~cygnet; hare: ~leveret; seal: ~pup; spider: ~spiderling; butterfly: ~caterpillar;
        rabbit: ~bunny""",
    "sound": """
        cow: moo; dog: woof; cat: meow; sheep: baa; horse: neigh; pig: oink; hen: cluck; duck: quack; lion: roar;
        frog: croak; goose: honk; owl: hoot; snake: hiss; wolf: howl; mouse: squeak; bee: buzz; crow: caw;
        bird: tweet; pigeon: coo; donkey: bray; bear: growl""",
    "home": """
        bee: in ~hive; bird: in ~nest; spider: in ~web; dog: in ~kennel; horse: in ~stable; lion: in ~den;
        rabbit: in ~burrow; bear: in ~cave; cow: in ~barn; pig: in ~sty; hen: in ~coop; beaver: in ~lodge;
        whale: in the sea; frog: in ~pond; camel: in the desert; monkey: in the jungle; deer: in the forest;
        squirrel: in ~tree; mole: in ~tunnel; snail: in ~shell; penguin: on the ice; goat: on ~hill""",
    "food": """
        cow: grass; lion: meat; rabbit: carrots; panda: bamboo; bear: honey; monkey: bananas; cat: fish; dog: bones;
        mouse: cheese; hen: corn; squirrel: nuts; frog: flies; spider: insects; horse: hay; pig: potatoes;
        goat: leaves; bird: seeds; koala: leaves; owl: mice; bat: fruit; penguin: fish; beaver: wood; snail: salad;
        swan: plants; camel: bushes; mole: worms""",
    "job": """
        bakes bread: ~baker; sells meat: ~butcher; flies planes: ~pilot; teaches children: ~teacher;
        stops fires: ~firefighter; grows corn: ~farmer; cuts hair: ~barber; drives trains: ~driver;
        makes clothes: ~tailor; fixes teeth: ~dentist; helps sick people: ~doctor; helps sick animals: ~vet;
        builds houses: ~builder; paints pictures: ~painter; writes books: ~writer; takes photos: ~photographer;
        brings letters: ~postman; sings songs: ~singer; cooks meals: ~cook; catches fish: ~fisherman;
        fixes cars: ~mechanic; fixes pipes: ~plumber; makes chairs: ~carpenter; sells flowers: ~florist;
        serves food: ~waiter; sails ships: ~sailor; digs coal: ~miner; tells jokes: ~clown; makes shoes: ~shoemaker;
        watches sheep: ~shepherd; acts in films: ~actor; studies stars: ~astronomer; repairs watches: ~watchmaker;
        lends money: ~banker""",
    "legs": """
        spider: 8; cow: 4; dog: 4; bird: 2; ant: 6; bee: 6; snake: 0; fish: 0; frog: 4; hen: 2; horse: 4; crab: 10;
        snail: 0; owl: 2; whale: 0; butterfly: 6; penguin: 2; sheep: 4; duck: 2; worm: 0; beetle: 6; scorpion: 8""",
    "kind": """
        ~rose: ~flower; ~oak: ~tree; ~apple: ~fruit; ~carrot: ~vegetable; ~hammer: ~tool; ~eagle: ~bird;
        ~shark: ~fish; ~ant: ~insect; ~piano: ~instrument; football: ~game; chess: ~game; gold: ~metal;
        iron: ~metal; ~daisy: ~flower; ~pine: ~tree; ~pear: ~fruit; ~bee: ~insect; ~violin: ~instrument;
        ~axe: ~tool; tea: ~drink; juice: ~drink; ~potato: ~vegetable; ~trout: ~fish; ~sparrow: ~bird;
        ~drum: ~instrument; ~tulip: ~flower; ~beetle: ~insect; ~spoon: ~tool""",
    "material": """
        ~window: glass; ~table: wood; ~ring: gold; ~tyre: rubber; ~coin: metal; ~shirt: cotton; ~sweater: wool;
        ~shoe: leather; ~book: paper; ~candle: wax; ~bottle: plastic; ~bridge: steel; ~nail: iron; ~brick: clay;
        ~castle: stone; ~pillow: feathers; cheese: milk; toast: bread; glass: sand; ~cake: flour""",
    "workplace": """
        teacher: in ~school; doctor: in ~hospital; cook: in ~kitchen; farmer: on ~farm; pilot: in ~plane;
        sailor: on ~ship; baker: in ~bakery; waiter: in ~restaurant; judge: in ~court; actor: in ~theatre;
        miner: in ~mine; mechanic: in ~garage; priest: in ~church; clown: in ~circus; banker: in ~bank;
        florist: in ~shop; astronaut: in space; gardener: in ~garden; scientist: in ~laboratory;
        student: in ~library""",
}

_OPPOSITES = """
    hot cold; big small; fast slow; old young; light dark; hard soft; high low; long short; wet dry; full empty;
    open closed; rich poor; strong weak; clean dirty; happy sad; loud quiet; early late; near far; thick thin;
    sweet sour"""

# Only ordered once (3 plus 4, not 4 plus 3): otherwise a held-out sum would be answered through its mirror image.
_SUMS = tuple((first, second) for first in range(1, 10) for second in range(first, 10))


def _expand(text: str) -> str:
    before, mark, noun = text.partition("~")
    return before + with_article(noun) if mark else text


def _build() -> tuple[Fact, ...]:
    facts: list[Fact] = []
    for relation, table in _TABLES.items():
        for row in table.split(";"):
            subject, answer = (_expand(part.strip()) for part in row.split(":"))
            facts.append(Fact(relation, subject, answer, f"{relation}/{subject}"))
    for pair in _OPPOSITES.split(";"):
        one, other = pair.split()
        facts += [Fact("opposite", a, b, f"opposite/{one}") for a, b in ((one, other), (other, one))]
    for first, second in _SUMS:
        facts.append(Fact("sum", f"{first} plus {second}", str(first + second), f"sum/{first}+{second}"))
    return tuple(facts)


FACTS: tuple[Fact, ...] = _build()

VALUES: dict[str, tuple[str, ...]] = {
    relation: tuple(sorted({fact.answer for fact in FACTS if fact.relation == relation}))
    for relation in RELATION_BY_NAME
}
"""Every answer that occurs in a relation, sorted: where wrong answers are drawn from."""
