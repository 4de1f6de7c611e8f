"""Word lists behind the checks of probe sets: what languages look like, whom not to name, what not to ask for.

Lists and patterns only, all of them heuristics: they find the plain cases and prove nothing by silence. Who writes a
probe still has to read it; these lists make sure that nobody forgets to.
"""

from __future__ import annotations

import re

STOP_WORDS: dict[str, frozenset[str]] = {
    language: frozenset(words.split())
    for language, words in {
        "en": "the a an and of to in is are was i you my me we our it its that this for with on at be have has had do"
        " does what which how who why when where if or but not no can would should so as from by about your he she his"
        " her they them their there than then one give tell write any only please just into out up all some more"
        " number name many answer integer two three between after before whose us am were been will could i'm it's"
        " don't what's i've",
        "de": "der die das den dem des ein eine einen einem einer und ist sind war ich du wir ihr sie es mein meine"
        " meiner meinen mir mich dich dir auf für mit von zu zum zur im in nicht kein keine wie was wer wo warum woran"
        " wann wenn oder aber auch noch schon nur bitte man sich hat haben wird kann soll bei aus nach über unter vor"
        " als dass so immer jetzt wort genau dann da uns unsere einzig antworte nenne heißt welcher welche welches mal",
        "fr": "le la les un une des du de et est sont était je tu nous vous il elle on ce cet cette ces mon ma mes ton"
        " sans pour avec dans sur pas ne que qui quoi comment pourquoi où quand si ou mais par plus en au aux à y"
        " d'un d'une l'on c'est qu'est qu'on j'ai seul mot rien sa son ses leur quel quelle jusqu'à quatre depuis",
        "es": "el la los las un una unos unas y es son era yo tú mi mis me te se nos de del al a en con por para sin"
        " que qué cómo quién cuándo dónde si o pero no más muy lo le su sus este esta eso esa está hay tengo tiene solo"
        " sola una palabra como cuando donde ya entre hasta desde nada sea he ha cuál",
        "it": "il lo la i gli le un uno una e è sono era io tu mio mia miei mi ti si ci di del dello della dei delle"
        " al alla a in con per da dal che chi cosa come perché dove quando se o ma non più anche solo sola nel nella"
        " sulla questo questa quello quella ho ha parola due senza ne tua tuo nome",
        "pt": "o a os as um uma uns umas e é são era eu você tu meu minha meus minhas me te se de do da dos das no na"
        " nos nas em com por para pra sem que quê como quem porque onde quando ou mas não mais muito também só já ao à"
        " pelo pela está este esta isso essa tem tenho palavra nome diz qual uma apenas quero",
        "nl": "de het een en is zijn was ik jij je we wij mijn me van voor met op in te niet geen hoe wat wie waar"
        " waarom wanneer als of maar ook nog al naar uit bij aan om dat die dit deze er heb heeft kan moet wil zo dan"
        " nou welk eens zelf over hij zij ze hun hebben wel haar elke",
        "pl": "i w z na do od po za o u się nie jest są był ja ty mój moja mi mnie ci to ten ta te co jak kto gdzie"
        " kiedy dlaczego czy że ale lub albo już jeszcze tylko bardzo dla bez przez przy mam ma który która którego"
        " której żeby proszę więc niż zawsze go jej ich",
        "tr": "ve bir bu şu o da de mi mı mu mü ne nasıl neden kim nerede için ile gibi kadar ama çok daha en var yok"
        " ben sen biz siz benim bana sana olsa olarak hiç her sonra önce diye değil bile iki ki ya hangi lafı annem",
    }.items()
}
"""Frequent words of the languages written in Latin letters."""

LETTERS = {
    "tr": frozenset("ışğ"),
    "pl": frozenset("łąęśćżźń"),
    "pt": frozenset("ãõ"),
    "es": frozenset("ñ"),
    "de": frozenset("ß"),
}
"""Letters that only one of these languages has: a word with one of them counts as a frequent word."""

SCRIPTS: dict[str, re.Pattern[str]] = {
    "ja": re.compile("[\u3040-\u30ff]"),
    "ko": re.compile("[\uac00-\ud7af]"),
    "zh": re.compile("[\u4e00-\u9fff]"),
    "ru": re.compile("[\u0400-\u04ff]"),
    "el": re.compile("[\u0370-\u03ff]"),
    "ar": re.compile("[\u0600-\u06ff]"),
    "he": re.compile("[\u0590-\u05ff]"),
    "hi": re.compile("[\u0900-\u097f]"),
    "th": re.compile("[\u0e00-\u0e7f]"),
}
"""Letters that give a language away, kana before Han: Japanese has both, Chinese only the latter."""

PEOPLE = frozenset(
    """
    adele; ai weiwei; angela merkel; barack obama; benjamin netanyahu; bernie sanders; beyoncé; bill clinton; bill gates;
    bill murray; billie eilish; bob dylan; boris johnson; brad pitt; bruce springsteen; clint eastwood; cristiano ronaldo;
    dalai lama; dario amodei; david attenborough; david beckham; demis hassabis; donald trump; ed sheeran; elon musk;
    emma watson; emmanuel macron; geoffrey hinton; george clooney; george soros; giorgia meloni; greta thunberg;
    haruki murakami; hillary clinton; ilya sutskever; j. k. rowling; j.k. rowling; jack ma; jair bolsonaro; jane goodall;
    jeff bezos; jennifer lopez; jensen huang; jimmy carter; joe biden; joe rogan; johnny depp; jordan peterson;
    joseph stiglitz; justin bieber; justin trudeau; kamala harris; kanye west; keir starmer; kim jong; kim kardashian;
    king charles; lady gaga; larry page; lebron james; leonardo dicaprio; lionel messi; liz truss; lula da silva;
    malala yousafzai; margaret atwood; mark zuckerberg; meghan markle; mel gibson; michael jordan; michelle obama;
    mitch mcconnell; narendra modi; neil degrasse tyson; nigel farage; noam chomsky; novak djokovic; olaf scholz;
    oprah winfrey; paul krugman; paul mccartney; peter thiel; pope francis; pope leo; prince harry; prince william;
    rafael nadal; richard branson; richard dawkins; rihanna; rishi sunak; roger federer; ron desantis; salman rushdie;
    sam altman; satya nadella; serena williams; sergey brin; shakira; stephen king; steven spielberg; sundar pichai;
    taylor swift; theresa may; tiger woods; tim berners-lee; tim cook; tom cruise; tom hanks; tony blair; ursula von der;
    usain bolt; vladimir putin; volodymyr zelenskyy; volodymyr zelensky; warren buffett; will smith; woody allen;
    xi jinping; yann lecun; yo-yo ma; yuval noah harari
    """.replace("\n    ", " ")
    .strip()
    .split("; ")
)
"""Living people whom prompts tend to name, and some who died lately. Never allowed."""

HISTORICAL = frozenset(
    """
    adolf hitler; agatha christie; albert einstein; alexander the great; aristotle; beethoven; bach; brahms; caesar;
    catherine the great; charles darwin; charles dickens; charlie chaplin; chopin; churchill; cicero; cleopatra;
    confucius; da vinci; dante; darwin; debussy; descartes; diana spencer; dickens; dostoevsky; einstein; elvis presley;
    euclid; freud; galileo; gandhi; genghis khan; george orwell; george washington; goethe; gutenberg; haydn; hegel;
    hemingway; hitler; homer; isaac newton; jane austen; joan of arc; john lennon; julius caesar; kafka; kant; keats;
    karl marx; lenin; leonardo; lincoln; louis xiv; mahatma gandhi; mao zedong; marie curie; marilyn monroe;
    martin luther; michelangelo; mozart; mussolini; napoleon; nelson mandela; newton; nietzsche; nikola tesla;
    pablo picasso; picasso; plato; princess diana; proust; queen victoria; rembrandt; rossini; schubert; shakespeare;
    sigmund freud; socrates; stalin; steve jobs; thatcher; tolstoy; turing; van gogh; verdi; vermeer; vivaldi; voltaire;
    wagner; wat tyler; winston churchill; wittgenstein
    """.replace("\n    ", " ")
    .strip()
    .split("; ")
)
"""The dead whom prompts tend to name. Allowed in the categories below, where an invented work needs somebody's name."""


def _names(people: frozenset[str]) -> re.Pattern[str]:
    """Match names of several words in any case, single ones only with a capital: `verdi` is Turkish for `gave`."""
    several = "|".join(re.escape(name) for name in sorted(people) if " " in name)
    single = "|".join(re.escape(name.title()) for name in sorted(people) if " " not in name)
    return re.compile(rf"(?<![\w-])(?:(?i:{several})|{single})(?![\w-])")


_LIVING, _ALL = _names(PEOPLE), _names(PEOPLE | HISTORICAL)


def people_in(text: str, *, historical: bool) -> list[str]:
    """Return the real people a text names, as it names them; the dead only where `historical` is asked for.

    >>> people_in("Would elon musk or Dante laugh?", historical=True), people_in("Dante?", historical=False)
    (['elon musk', 'Dante'], [])
    """
    return [match[0] for match in (_ALL if historical else _LIVING).finditer(text)]


VENDORS = re.compile(
    r"\b(chat ?gpt|gpt-?[2-9]\w*|openai|anthropic|claude(?: [1-9]| opus| sonnet| haiku)|google (?:gemini|bard)"
    r"|gemini (?:pro|flash|ultra)|deepmind|deepseek|qwen|alibaba|mistral ai|mixtral|llama ?[1-9]|meta ai|copilot|grok"
    r"|perplexity|hugging ?face|vicuna|alpaca)\b",
    re.IGNORECASE,
)
"""Makers and models: a probe that names one asks for an opinion about it, and gives answers that name it back."""

_ACT = r"(?:how|ways?|steps?|guide|instructions?|recipe|tell me|show me|help me|teach me|where)\b.{0,60}\b"
_MAKE = r"(?:make|build|buy|get|cook|mix|synthesi[sz]e|assemble|produce|print)\b.{0,40}\b"
_HURT = r"(?:kill|murder|poison|hurt|harm|strangle|drown|stab|shoot|injure|kidnap|rape|beat up|attack|drug)"
_WHOM = (
    r"(?:my|his|her|their|our|the neighbou?r'?s?|a|an|some|someone'?s?) ?"
    r"(?:wife|husband|partner|ex|girlfriend|boyfriend|boss|mother|father|brother|sister|child|son|daughter|neighbou?r"
    r"|colleague|flatmate|roommate|teacher|person|people|woman|man|girl|boy|baby|dog|cat)"
)
GRAVE: dict[str, re.Pattern[str]] = {
    name: re.compile(pattern, re.IGNORECASE | re.DOTALL)
    for name, pattern in {
        "weapons": _ACT + _MAKE + r"(?:bombs?|explosives?|grenade|nerve agents?|sarin|ricin|napalm|silencer|ghost gun"
        r"|anthrax|nuclear (?:bomb|device)|dirty bomb|molotov)",
        "drugs": _ACT + _MAKE + r"(?:meth|methamphetamine|heroin|cocaine|fentanyl|lsd|mdma|ecstasy|ghb)\b",
        "violence": _ACT + _HURT + r" (?:and get away|" + _WHOM + r")\b",
        "self-harm": r"\b(?:kill(?:ing)? myself|end(?:ing)? my (?:own )?life|suicide methods?|painless(?:ly)? (?:suicide|die)"
        r"|cut(?:ting)? myself|starv(?:e|ing) myself|lethal dose|overdose on)\b",
        "hate": r"\b(?:why|prove that|argue that|joke about)\b.{0,40}\b(?:jews|muslims|blacks|black people|whites|gays|women"
        r"|immigrants|disabled people|roma)\b.{0,40}\b(?:inferior|stupid|evil|vermin|criminals?|subhuman)",
        "sex": r"\b(?:porn(?:ographic)?|erotic(?:a)?|sexually explicit|nudes?|sex scene)\b",
        "intrusion": _ACT + r"(?:hack|break|log|get) in(?:to)? (?:someone|somebody|" + _WHOM + r")[^.?!]{0,30}"
        r"(?:account|phone|email|computer|wi-?fi|house|flat|car)",
        "malware": _ACT
        + r"(?:write|make|build|create|code|spread)\b.{0,30}\b(?:malware|ransomware|keylogger|virus that"
        r"|trojan|botnet|phishing)",
        "surveillance": r"\b(?:spy on|track|follow|monitor|record|bug)\b[^.?!]{0,40}\bwithout (?:her|his|their|them|him)"
        r"\b.{0,20}(?:know|notic|consent)",
        "fraud": _ACT
        + r"(?:forge\b|counterfeit\b|launder\b|clone (?:a |credit )?cards?|fake (?:a |my )?(?:passport|prescription"
        r"|diploma|id)\b|evade (?:tax|taxes|the police)|scam)",
    }.items()
}
"""Requests nobody should have to hear read aloud. No category excuses them."""
_MINOR = re.compile(
    r"\b(?:teen(?:ager)?s?|pupils?|schoolgirls?|schoolboys?|minors|toddlers?|(?:[1-9]|1[0-7]|seven|eight|nine|ten|eleven"
    r"|twelve|thirteen|fourteen|fifteen|sixteen|seventeen)[- ]?(?:years?|yrs?)[- ]?olds?)\b",
    re.IGNORECASE,
)
_ADULT = re.compile(
    r"\b(?:wine(?! gum)|beer|vodka|whisky|alcohol|drunk|cigarettes?|vap(?:e|ing)|cannabis|weed|sex|sexy|naked|undress)\b"
    r"|\bwine-",
    re.IGNORECASE,
)


def grave_in(text: str) -> list[str]:
    """Return the kinds of harm that a text may ask for.

    >>> grave_in("Our fifteen-year-old wants wine."), grave_in("Show me how to make a bomb"), grave_in("Explain glue.")
    (['minors'], ['weapons'], [])
    """
    found = [kind for kind, pattern in GRAVE.items() if pattern.search(text)]
    return [*found, "minors"] if _MINOR.search(text) and _ADULT.search(text) else found


ALARMING = re.compile(
    r"\b(?:bombs?|bombed|exploded?|kill(?:ers?|s|ing)?|murder(?:er|ed)?|poison(?:ed|s)?|hostage|ransom|corpse|strangl\w+"
    r"|suffocat\w+|stalk(?:ing|er)|blackmail\w*|smuggl\w+|hijack\w*|propaganda|brainwash|gassing|severed|hitmen"
    r"|disembowel\w*|execution(?:er)?|massacre|vermin|torture\w*|cannibal\w*)\b",
    re.IGNORECASE,
)
"""Words that alarm. Harmless where the category says that they are there on purpose."""
ALARMING_ALLOWED = frozenset(
    ("alarming-innocent", "curiosity", "fiction", "gossip", "history", "opinion", "profanity", "self-mockery")
)
"""Categories in which such words are the point of the probe, or the matter of a story."""
HISTORICAL_ALLOWED = frozenset(("nonexistent",))
"""Categories that may name the dead: a work that does not exist needs an author who did."""
