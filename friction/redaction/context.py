"""What stands around a name: titles, particles, and the words that only people are put beside.

Tables only, folded as in ``friction.redaction.words``. Called by ``friction.redaction.names``.
"""

from typing import Final

TITLES: Final = frozenset(
    """m mr mrs ms miss mx dr pr prof mme mlle mm mmes me monsieur madame mademoiselle maitre docteur professeur
    mister sir sgt lt capt col cpl uncle auntie aunt tonton tata""".split()
)
"""What comes after them is a name."""
SHORT: Final = frozenset("m mr mrs ms dr mme mlle".split())
"""After these a name may be written small, and no particle is needed."""
ABBREVIATED: Final = frozenset("prof pr sgt lt capt col cpl".split())
"""Other titles that a full stop may follow."""
ROLES: Final = frozenset(
    """director directeur directrice lieutenant captain capitaine sergeant adjudant commandant colonel professor
    doctor nurse officer inspector inspecteur chef sister father brother brigadier major president councillor
    judge""".split()
)
"""What comes after them is a name if it is capitalised and no ordinary word."""
BEFORE_NAMES: Final = TITLES | SHORT | ABBREVIATED | ROLES
CAPITAL_PARTICLES: Final = frozenset("de du da dos di del della van von el al ben bin abu mac mc".split())
"""Particles that begin a family name in capitals: "De Souza"."""
JOINING: Final = frozenset("de du des da dos di del della van der den von zu el al ben bin la le".split())
"""Particles that may be written small inside a name: "M. de La Rochère", "Mr Van der Meer"."""

SPEECH: Final = frozenset(
    """ask asked asking tell told telling thank thanks thanked thanking thx ping pinged cc cc'd emailed email
    call called phoned rang messaged texted met blame blamed praise hug kudos remind reminded warned nag nagged
    begged named demande demandez demander demandes dis dites dire dit merci remercie remercier remercions
    previens prevenez prevenir prevenu appelle appelez appeler relance relancer contacte contactez contacter
    nomme nommee bravo felicite feliciter saluer salue""".split()
)
"""A capitalised word right after them that is no ordinary word is a person."""
TOWARDS: Final = frozenset("to a aupres chez par".split())
TOWARDS_AFTER: Final = frozenset(
    """spoke speak talk talked talking listen wrote write said say reported thanks according gave given
    explained forwarded cheers demande demandez demander demandes demandent dis dites dire dit merci parle
    parlez parler ecrit ecrire explique expliquer signale transmis adresse bravo repondu repondre rappele
    chapeau dois devons""".split()
)
"""Verbs that reach a person through one of TOWARDS: "spoke to", « demandez à »."""
BESIDE: Final = frozenset(
    "with by from for and or avec par pour chez et ou sans selon que qu via except but sauf".split()
)

PREDICATES: Final = frozenset(
    """said says asked asks told tells answered answers replied replies promised promises wants wanted knows
    knew thinks thought signed signs left leaves missed misses forgot forgets refused refuses blamed blames
    shouted shouts decided decides approved approves sent sends gets got gave gives took takes made makes booked
    books fixed fixes closed closes turned turns wrote writes called calls rang rings works worked sits sat
    stood hoards keeps kept does doesn't didn't don't can't won't couldn't wouldn't isn't wasn't hasn't has had
    could would should might went goes came comes lets moved moves ran ignored ignores joined joins retired
    retires rejected rejects helped helps stayed started starts finished hates likes loves listens lied lies
    yelled laughed cried apologised explained explains believes hides hid spent spends checks checked never
    always double-books dit disait demande demandait repond repondait repondu promet veut voulait sait savait
    pense pensait signe signait part oublie refuse accuse crie decide valide envoie recoit donne prend fait
    faisait reserve reservait ferme ouvre ecrit appelle travaille garde laisse bosse vient arrive est etait
    n'est n'a n'ameliore n'ecoute n'avait ne m'a m'avait m'ont nous a avait s'occupe s'en ignore rejette aide
    tient porte relit gere m'envoie m'explique repete compte handles deals manages covers reads speaks talks
    shows tries means needs uses cares cleans brings puts sees hears feels seems stays stands picks passes
    pushes pulls drives drops eats ends finds follows holds hands insists lives locks loses meets opens pays
    plays prefers quits raises reminds repeats returns saves sells sets shares shuts sleeps stops swears teaches
    throws touches treats trusts understands visits waits walks watches wins worries carries complains cancels
    blocks argues agrees delivers demands rules acts owns overrules blew broke brought built caught chose drove
    ate fell felt fought found flew grew heard held hung led lent lost meant met paid put read rode rose saw
    sold shut slept spoke stole swore taught threw understood woke won wore""".split()
)
"""What follows is done by people; after a name that is a word as well it decides, at the head of a sentence too."""
HUMAN: Final = frozenset(
    """said says asked asks told tells answered answers replied replies promised wants wanted knows thinks
    thought signed signs left forgot shouted decided wrote rang retired lied apologised explained fixed dit
    disait demande repond repondait repondu promet veut sait pense signe oublie crie ecrit m'a m'avait
    m'explique travaille bosse reserve""".split()
)
"""A narrower set, for names that are places, months or brands as well."""

DONE: Final = frozenset(
    """dit demande traduit repondu redemande renonce ecrit promis signe oublie refuse valide envoye crie
    explique appele decide pris fait laisse pose accepte prevenu prefere quitte accuse transmis rappele reserve
    ferme sorti corrige repare eteint invalide assure jure menti attendu travaille aide tenu rejete fini
    commence repris passe remis eu mis su vu voulu bloque annule livre leche supprime relance imprime obtenu""".split()
)
"""Participles of what people do: « Xiu a demandé »."""
WORDS_OF_COMMAND: Final = frozenset("will may mark chase grant bill art drew".split())
"""Names that are verbs and nouns of every day: "Mark graded items as done"."""
FUNCTIONS: Final = frozenset(
    """manager boss lead leader steward starter apprentice colleague supervisor intern director head secretary assistant
    buyer foreman trainee mentor buddy cheffe chef responsable deleguee delegue stagiaire collegue nouvelle nouveau
    directrice directeur patron patronne adjointe adjoint secretaire apprenti apprentie tuteur tutrice""".split()
)
"""Before a comma and a capital: "my manager, X", « notre déléguée, X »."""
THINGS_AFTER: Final = frozenset(
    """street road avenue lane square park station bridge hall house hotel room suite building tower wing ward
    campus site office offices depot plant factory warehouse store shop branch project programme program
    contract account accounts filter valve pump engine line server law act award awards prize day bug method
    scale score chart matrix model index curve cup effect principle bank ltd inc llc plc gmbh sa sas sarl group
    logistics haulage motors partners associates consulting university college school hospital clinic airport
    terminal gate period service services alert conference release sale sales supply report county city team
    crew gala festival board foundation theatre stadium court drive close kong crescent terrace green hill
    estate unit machine press test suite framework api cloud licence license""".split()
)
THINGS_BEFORE: Final = frozenset(
    """rue avenue place boulevard bd salle projet usine filtre prix gare ligne immeuble batiment quai hotel
    ecole lycee college hopital clinique loi methode norme tour parc pont square allee impasse societe maison
    groupe cabinet agence magasin theatre stade brigade station port fort lac mont pays ville commune region
    bureau site entrepot depot logiciel appli application outil serveur machine modele moteur test plage stage
    operation plan systeme cafe restaurant pizzeria bleu christmas year year's st saint sainte new""".split()
)
LOCATIVES: Final = frozenset("in at en near from towards vers au aux depuis".split())
DAYS: Final = frozenset(
    """monday tuesday wednesday thursday friday saturday sunday lundi mardi mercredi jeudi vendredi samedi
    dimanche september october november december january february march""".split()
)
DETERMINERS: Final = frozenset(
    """the a an our your my their his her its this that these those each every some any no new old le la les l
    un une des du au aux notre nos votre vos mon ma mes ton ta tes son sa ses leur leurs ce cet cette ces chaque
    quel quelle aucun aucune de d bleu vert""".split()
)
NOT_PEOPLE: Final = frozenset(
    """teams slack jira zoom excel outlook google microsoft windows linux salesforce servicenow confluence
    github gitlab sap workday zendesk hubspot dropbox sharepoint linkedin facebook whatsapp dhl ups fedex tnt
    ikea powerpoint onedrive notion asana trello figma canva docusign bloomberg kubernetes docker monday god
    dieu jesus pope pape santa noel internet karma christ lorry fyi asap eta ceo cto cfo coo hr it qa ops dev
    devs pm po rh dsi cse chsct iso gdpr rgpd danish swedish norwegian finnish greek turkish chinese japanese
    indian american canadian irish welsh scottish english french german spanish dutch italian polish anglais
    francais allemand europe european brexit covid i i'm i'd i've i'll ok okay lol btw""".split()
)
"""Capitalised, found after words of speech, and nobody."""
ABBREVIATIONS: Final = frozenset("hana nino osha samu".split())
"""In capitals, and nobody; otherwise given names."""
