"""The little words of the languages that people at work are likely to write, as they write them.

They tell a short message apart where the model hears a term of the trade only. A word that two languages share stands
in both. French elisions stand with their apostrophe. Used by ``friction.language`` only.
"""

from collections.abc import Mapping
from typing import Final

_LISTS: Final = {
    "en": """the a an of to is are was were be been it its it's we us our they them their you your i i'm my he she his
        her and or but not never no none nobody nothing with without from for by at in on this that these those there
        here what who how when why where which have has had do does did don't dont doesn't doesnt didn't didnt can't
        cant can could will won't wont would should just so very again still too as if than then always more less much
        many all any some every each only one out up down off over about after before because since until while good
        great late slow well please pls plz thanks thx ok yes nope na hi hey u r ur y idk tbh wtf lol smh ask answer
        need get got give told say want know met""",
    "fr": """le la les l' un une des du de d' au aux en et ou mais donc car je j' tu il elle on nous vous ils elles ne
        n' pas plus jamais rien personne aucun aucune que qui quoi qu' ce c' cet cette ces ça ca c'est est es sont était
        etait a ont avait fait faire faut va vas dans sur avec sans pour par chez vers mon ma mes ton ta ses son sa leur
        leurs nos notre vos votre y se s' si ni comme quand où toujours tjrs encore bien trop très tres même meme tout
        tous toute toutes peu moins mieux bon bonne oui non merci svp stp dsl bcp pk pq pr ki ke koi chui jsp mdr bof
        ras bravo super parfait moyen vite après avant depuis alors aussi déjà deja voir être avoir attend attends
        attendre jour semaine équipe equipe travail retard""",
    "de": """der die das den dem des ein eine einen und oder aber nicht kein keine nie immer wir uns ihr sie er es ich
        ist sind war waren wird werden hat haben mit ohne von für zu zum zur auf im am bei aus auch noch schon wieder
        sehr nur niemand wie was wer warum dass danke""",
    "es": """el la los las un una unos del de y o pero no nunca nada nadie siempre que con sin para por en es son fue
        está están muy más nos se lo su sus mi al como cuando otra vez gracias todo hay esto ni""",
    "pt": """o a os as um uma do da dos das de e ou mas não nunca nada ninguém sempre que com sem para por em no na é
        são foi está estão muito mais nos se seu sua ao como quando outra vez obrigado tudo isso nem eles""",
    "it": """il lo la i gli le un una del della di e o ma non mai niente nessuno sempre che con senza per da in è sono
        era molto più ci si suo sua al alla come quando ancora grazie tutto troppo questo né""",
    "nl": """de het een en of maar niet geen nooit altijd niemand wij we ons jullie ze zij ik is zijn was waren wordt
        heeft hebben met zonder van voor op aan bij uit ook nog weer zeer te veel wat wie dat dit bedankt""",
    "sv": """och att det som en ett inte ingen aldrig alltid vi oss ni de dem jag är var har hade med utan för på av
        till från men eller också igen mycket tack när vad""",
    "da": """og at det som en et ikke ingen aldrig altid vi os de dem jeg er var har havde med uden for på af til fra
        men eller også igen meget tak når hvad der""",
    "no": """og at det som en et ikke ingen aldri alltid vi oss de dem jeg er var har hadde med uten for på av til fra
        men eller også igjen mye takk når hva""",
    "ca": """el la els les un una del de i o però no mai res ningú sempre que amb sense per en és són molt més ens es
        aquest aquesta com quan gràcies tot hi ha""",
    "ro": """un o și sau dar nu niciodată nimic nimeni mereu că cu fără pentru din pe la este sunt era foarte mai ne se
        ce cine când iar mulțumesc tot""",
    "pl": """i w na z do nie nic nikt nigdy zawsze się jest są był to ten ta co kto jak za od po dla nam nas oni my już
        znowu bardzo tylko ale dziękuję""",
    "tr": """ve bir bu şu o değil yok var hiç kimse her zaman çok için ile ama biz bize bizim onlar ne neden gibi daha
        yine""",
}


def _languages_of() -> Mapping[str, tuple[str, ...]]:
    lists = {lang: words.split() for lang, words in _LISTS.items()}
    return {word: tuple(lang for lang in lists if word in lists[lang]) for words in lists.values() for word in words}


LITTLE_WORDS: Final = _languages_of()
"""The languages that have a word, by the word in lower case."""
