"""Short replies that rules get wrong: "No." is not a number, "Come on!" not an arrival. Common translations, by pair.

Each part of a text between commas or other punctuation is looked up by its words; a text with an unknown part is left
to the engine as a whole, so that nothing is half translated by the table.
"""

import re
from collections.abc import Iterator

_TABLE = """
no | no | non
nope | no | non
nah | no | non
no way | ni hablar | pas question
yes | sí | oui
yeah | sí | ouais
yep | sí | oui
yup | sí | oui
ok | vale | d'accord
okay | vale | d'accord
right | claro | d'accord
all right | está bien | d'accord
alright | está bien | d'accord
that's right | así es | c'est ça
fine | está bien | très bien
good | bien | bien
great | genial | super
perfect | perfecto | parfait
sure | claro | bien sûr
of course | por supuesto | bien sûr
exactly | exacto | exactement
absolutely | desde luego | absolument
definitely | sin duda | tout à fait
maybe | quizá | peut-être
perhaps | quizá | peut-être
never | nunca | jamais
never mind | da igual | peu importe
really | de verdad | vraiment
what | qué | quoi
what's that | qué es eso | qu'est-ce que c'est
what is it | qué pasa | qu'est-ce qu'il y a
what's wrong | qué pasa | qu'est-ce qui ne va pas
what's up | qué tal | quoi de neuf
what happened | qué ha pasado | que s'est-il passé
what the hell | qué demonios | qu'est-ce que c'est que ça
what the fuck | qué coño | c'est quoi ce bordel
who | quién | qui
who's there | quién anda ahí | qui est là
who is it | quién es | qui est-ce
where | dónde | où
when | cuándo | quand
why | por qué | pourquoi
why not | por qué no | pourquoi pas
how | cómo | comment
how are you | cómo estás | comment ça va
how come | y eso | comment ça se fait
come on | vamos | allez
come here | ven aquí | viens ici
come in | adelante | entrez
come back | vuelve | reviens
let's go | vámonos | allons-y
go | vete | vas-y
go on | sigue | continue
go ahead | adelante | vas-y
go away | vete | va-t'en
get out | fuera | dehors
get in | sube | monte
get up | levántate | lève-toi
sit down | siéntate | assieds-toi
stand up | levántate | lève-toi
hurry up | date prisa | dépêche-toi
hurry | date prisa | dépêche-toi
run | corre | cours
stop | para | arrête
stop it | para ya | arrête
wait | espera | attends
wait a minute | espera un momento | attends une minute
wait a second | espera un segundo | attends une seconde
hold on | espera | attends
look | mira | regarde
look out | cuidado | attention
watch out | cuidado | attention
listen | escucha | écoute
be careful | ten cuidado | fais attention
be quiet | silencio | silence
quiet | silencio | silence
shut up | cállate | tais-toi
help | socorro | au secours
help me | ayúdame | aide-moi
leave me alone | déjame en paz | laisse-moi tranquille
here | aquí | ici
here you are | aquí tienes | tiens
here you go | aquí tienes | tiens
there | ahí | là
there you go | ya está | voilà
now | ahora | maintenant
not now | ahora no | pas maintenant
not yet | todavía no | pas encore
not really | la verdad es que no | pas vraiment
not at all | en absoluto | pas du tout
me too | yo también | moi aussi
me neither | yo tampoco | moi non plus
you too | tú también | toi aussi
so | entonces | alors
so what | y qué | et alors
well | bueno | eh bien
then | entonces | alors
and | y | et
but | pero | mais
hi | hola | salut
hello | hola | bonjour
hey | eh | hé
good morning | buenos días | bonjour
good afternoon | buenas tardes | bonjour
good evening | buenas noches | bonsoir
good night | buenas noches | bonne nuit
bye | adiós | salut
bye bye | adiós | au revoir
goodbye | adiós | au revoir
see you | hasta luego | à bientôt
see you later | hasta luego | à plus tard
see you tomorrow | hasta mañana | à demain
good luck | buena suerte | bonne chance
please | por favor | s'il te plaît
thanks | gracias | merci
thank you | gracias | merci
thank you very much | muchas gracias | merci beaucoup
thanks a lot | muchas gracias | merci beaucoup
you're welcome | de nada | de rien
no problem | no hay problema | pas de problème
sorry | perdón | pardon
i'm sorry | lo siento | je suis désolé
excuse me | disculpe | excusez-moi
i know | lo sé | je sais
i don't know | no lo sé | je ne sais pas
i see | ya veo | je vois
i do | sí | oui
i think so | creo que sí | je crois
i don't think so | no lo creo | je ne crois pas
i hope so | eso espero | je l'espère
i understand | entiendo | je comprends
got it | entendido | compris
understood | entendido | compris
it's okay | no pasa nada | ce n'est rien
it's ok | no pasa nada | ce n'est rien
that's it | eso es | c'est ça
that's all | eso es todo | c'est tout
that's enough | ya basta | ça suffit
enough | basta | assez
too late | demasiado tarde | trop tard
oh | oh | oh
oh no | oh, no | oh non
oh my god | dios mío | mon dieu
my god | dios mío | mon dieu
god | dios | mon dieu
damn | maldita sea | mince
damn it | maldita sea | mince
shit | mierda | merde
hell no | ni hablar | sûrement pas
cheers | salud | santé
congratulations | felicidades | félicitations
welcome | bienvenidos | bienvenue
nothing | nada | rien
nobody | nadie | personne
everybody | todos | tout le monde
everything | todo | tout
mom | mamá | maman
mum | mamá | maman
dad | papá | papa
sir | señor | monsieur
madam | señora | madame
ma'am | señora | madame
ladies and gentlemen | damas y caballeros | mesdames et messieurs
wow | guau | ouah
ouch | ay | aïe
hmm | hmm | hum
hm | hm | hum
mm | mm | mm
mhm | ajá | mhm
uh-huh | ajá | mhm
uh | eh | euh
um | eh | euh
er | eh | euh
ah | ah | ah
aha | ajá | ah ah
huh | eh | hein
eh | eh | hein
pfft | pff | pff
pff | pff | pff
psst | chis | pst
shh | chis | chut
haha | ja, ja | ha ha
ha | ja | ha
ugh | uf | beurk
phew | uf | ouf
"""

_TITLES = {
    "es": {"mr": "señor", "mrs": "señora", "ms": "señora", "miss": "señorita", "dr": "doctor", "prof": "profesor"},
    "fr": {
        "mr": "monsieur",
        "mrs": "madame",
        "ms": "madame",
        "miss": "mademoiselle",
        "dr": "docteur",
        "prof": "professeur",
    },
}

_PART = re.compile(r"([^,;.!?…]+)([,;.!?…]*)")
_TITLED = re.compile(r"^(mr|mrs|ms|miss|dr|prof)\.?\s+(\w[\w'’-]*(?:\s+\w[\w'’-]*)?)$", re.IGNORECASE)
_DOT_OF_TITLE = re.compile(r"\b(mr|mrs|ms|dr|prof)\.", re.IGNORECASE)
_STUTTER = re.compile(r"\b(\w{1,2})-(?:\1-)*(?=\1)", re.IGNORECASE)
_DRAWN_OUT = re.compile(r"(\w)\1{2,}")
_AROUND = "\"'“”‘’«»()-–— "


def _read_table() -> dict[str, dict[str, str]]:
    rows = [[cell.strip() for cell in row.split("|")] for row in _TABLE.strip().splitlines()]
    return {"es": {row[0]: row[1] for row in rows}, "fr": {row[0]: row[2] for row in rows}}


_REPLIES = _read_table()


def reply(text: str, source: str, target: str) -> str | None:
    """The checked translation of a short reply, with its punctuation; None for an unknown one."""
    table = _REPLIES.get(target)
    if source != "en" or table is None:
        return None
    parts = list(_translated(_DOT_OF_TITLE.sub(r"\1", text), target, table))
    if not parts or None in parts:
        return None
    return " ".join(part for part in parts if part)


def _translated(text: str, target: str, table: dict[str, str]) -> Iterator[str | None]:
    after_end = True
    for words, marks in _PART.findall(text):
        bare = words.strip(_AROUND)
        if not bare:
            continue
        found = _titled(bare, target) or _known(bare, table)
        if found is None:
            yield None
            return
        yield (found[0].upper() + found[1:] if after_end and bare[0].isupper() else found) + marks
        after_end = not marks or marks[-1] not in ",;"


def _known(words: str, table: dict[str, str]) -> str | None:
    plain = _STUTTER.sub("", words.replace("’", "'").lower())
    for form in (plain, _DRAWN_OUT.sub(r"\1", plain), _DRAWN_OUT.sub(r"\1\1", plain)):
        if form in table:
            return table[form]
    return None


def _titled(words: str, target: str) -> str | None:
    """A person addressed by title and name, which stays; capitals show that it is one."""
    found = _TITLED.match(words)
    if found is None or not all(part[:1].isupper() for part in found[2].split()):
        return None
    return f"{_TITLES[target][found[1].lower()]} {found[2]}"
