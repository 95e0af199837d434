"""Small words, letters and endings by which languages are told, and the codes that sources write for languages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

# Words that nearly every text of a few sentences has, without those that English science has too.
SMALL_WORDS: Final[Mapping[str, frozenset[str]]] = {
    code: frozenset(words.split())
    for code, words in {
        "en": "a the of and to for with that is by on from are which this as an be it can while their its we these "
        "has than into such through using was were our more between but both without",
        "fr": "le la les des du et une est pour dans par sur avec qui que plus aux au ce cette ces sont pas leur "
        "leurs sans entre permet ainsi mais ou cet elle il nous en un de chez",
        "de": "der die das und ist des dem den ein eine einer eines mit für von auf zu im wird werden durch sich "
        "nicht auch als bei aus nach zur zum sowie sind wie über unter ohne dass oder",
        "es": "el la los las del y que una es por para con se más como su sus al lo sin entre este esta estos son "
        "pero sobre mediante ha o también un de en",
        "it": "il lo gli della del dei delle dello di che una è per con si più come nel nella sono al alla dal dalla "
        "ed o senza tra questo questa anche un e le ma sui",
        "pt": "o os da do das dos que uma é para com não mais como em no na nos nas ao à por se são sem entre este "
        "esta pelo pela um e de também mas",
        "nl": "de het een en van dat is voor met op te die zijn wordt worden door niet ook aan om bij naar uit zoals "
        "maar deze dit over tussen zonder hun of als",
        "sv": "och att det som en ett på är för med av den till inte från har kan om vid eller genom utan mellan "
        "samt dessa denna de där men",
        "da": "og at det som en et på er for med af den til ikke fra har kan om ved eller gennem uden mellem samt "
        "disse denne de hvor men",
        "no": "og at det som en et på er for med av den til ikke fra har kan om ved eller gjennom uten mellom samt "
        "disse denne de der hvor men",
        "fi": "ja on että se ei ovat joka jotka myös sekä kuin mutta tai ne sen tämä voi sitä kun niiden avulla "
        "jossa ilman välillä olla",
        "pl": "i w na z do nie się jest że oraz przez dla od po jak które który która są o a za przy bez między lub "
        "ze także tym",
        "cs": "a v na s je se že do z pro které který která jsou o i od po k nebo při pomocí bez mezi jako ale také "
        "tak ve",
        "ro": "și în de la cu pe o un este care din pentru mai că sunt prin nu au ale al sau fără între acest "
        "această dar fi",
        "tr": "ve bir bu için ile da de olarak olan daha çok gibi ya hem en değil ancak sonra göre kadar üzerinde "
        "arasında tarafından veya",
        "hu": "a az és hogy egy nem is ez vagy mint van azt meg de amely között által során csak volt több",
    }.items()
}
# More words of English titles, and languages that are told from the above, but in which no summary is asked for.
MORE_SMALL_WORDS: Final[Mapping[str, frozenset[str]]] = {
    code: frozenset(words.split())
    for code, words in {
        "en": "over under about against via how what when where who why do does all not new towards toward after "
        "before during among across within under its whose or at you",
        "ca": "el els la les i amb per que una un dels del és són als com més aquest aquesta entre sobre han ha de "
        "en no",
        "sk": "a v na s je sa že do z pre ktorý ktorá ktoré sú o od po k alebo pri bez medzi ako ale aj tiež tak vo",
        "hr": "i u na je se da za od s koji koja koje su o ili pri bez između kao ali te uz nije iz prema kod što",
        "id": "dan yang di dengan untuk pada dari dalam ini adalah tidak oleh terhadap sebagai antara atau ke itu "
        "dapat telah secara",
        "vi": "và của các trong là có được cho với một những không này trên khi tại đến từ theo về",
    }.items()
}
# Letters that English has only in names. Those of many languages tell little, so they count by their rarity.
LETTERS: Final[Mapping[str, str]] = {
    "fr": "àâæçéèêëîïôœùûÿ",
    "de": "äöüß",
    "es": "áéíñóúü",
    "it": "àèéìòù",
    "pt": "áâãàçéêíóôõú",
    "nl": "ëï",
    "sv": "åäö",
    "da": "åæø",
    "no": "åæø",
    "fi": "äö",
    "pl": "ąćęłńóśźż",
    "cs": "áčďéěíňóřšťúůýž",
    "ro": "ăâîșşțţ",
    "tr": "çğıİöşü",
    "hu": "áéíóöőúüű",
    "ca": "àçèéíïòóúü",
    "sk": "áäčďéíĺľňóôŕšťúýž",
    "hr": "čćđšž",
    "vi": "ăâđêôơưạảấầẩậắằẵặẹẻẽếềểệỉịọỏốồổộớờởợụủứừửựỳỷ",
}
ENDINGS: Final[Mapping[str, str]] = {
    "en": "ing ings ed ly al ic able ible ness ity ism ship tion sion tions ence ance ical ics ous ful less ments "
    "ment ies ors ers ives ive ology ography phy sis ought ish ism isms ists",
    "fr": "tion tions ement ements eux euse euses aux ique iques ité ités eur eurs aire aires isme oire oires ées ée "
    "elle elles ienne iennes aise aises",
    "de": "ung ungen keit heit keiten schaft schaften lich liche licher lichen liches isch ische ischer ischen "
    "isches ierung ierungen tät ismus igkeit bar barer ig iger igen stoff bereich verfahren gen ten chen",
    "es": "ción ciones dad dades miento mientos ico ica icos icas ales ismo ado ada ados adas ido ida idos idas "
    "mente ario aria arios arias ivo iva ivos ivas iones ncia ncias ar ir ez",
    "it": "zione zioni tà mento menti ico ica ici iche ale ali ismo ato ata ati ate ità ivo iva ivi ive enza enze "
    "ella elle ello elli etto etti aggio aggi ione ioni are ere ire",
    "pt": "ção ções dade dades mento mentos ico ica icos icas ais ismo ado ada ados adas ido ida idos idas mente "
    "ário ária ários árias ivo iva ivos ivas ência ências ância agem agens eiro eira eiras ções ões ão ar er ir",
    "nl": "ingen heid heden lijk lijke isch ische atie aties eren iteit ijk ijke en schap tijd",
    "sv": "ningar het heter lig liga ligt isk iska ande arna erna orna heten ningen skap tion tionen are ade",
    "da": "ninger hed heder lig lige ligt isk iske ende erne ne heden ningen skab tion tionen ede",
    "no": "ninger het heter lig lige isk iske ende ene sjon sjoner sjonen heten ningen skap tet",
    "fi": "nen sen ssa ssä sta stä lla llä lta ltä lle ksi iin een aan ään uus yys ista istä ien den tta ttä minen "
    "misen inen isen oiden ojen ivat vat vät taan tään",
    "pl": "ość ości anie ania enie enia ego ych ymi owych owej owy owa owe ów ami ach ej cja cji cyjny cyjnej ując "
    "iem ski skiej skiego",
    "cs": "ost osti ání ení ého ých ými ové ový ová ského ské ské ích ami ách ném ního ních nou ovat",
    "ro": "ului ilor elor ția ții area ării ează ului tate tății iei ile ește ată ate atul",
    "tr": "ları leri ların lerin nin nın nun nün dir dır dur dür inde ında mesi ması lik lık lığı liği sı si "
    "mektedir maktadır tadır tedir miş mış arak erek",
    "hu": "ok ek ság ség nak nek ban ben ból ből tól től hoz hez ása ése ját jét ott ett kat ket tás tés ási ési "
    "ának ének ról ről ra re val vel",
    "ca": "ció cions tat tats ment ments ics iques al als isme at ada ats ades ència ències itat",
    "sk": "osť osti anie ania enie enia ého ých ými ové ový ová ského ské ích ami ách nej ovať",
    "hr": "ost osti anje anja enje enja og ih ima nog nih skog ske ski ska ima ama ova",
    "id": "kan nya an asi itas",
    "vi": "",
}
# ISO 639-2, as PubMed writes it, with both codes where there are two.
OF_THREE_LETTERS: Final[Mapping[str, str]] = dict(
    pair.split("=")
    for pair in "eng=en fre=fr fra=fr ger=de deu=de spa=es ita=it por=pt dut=nl nld=nl swe=sv dan=da nor=no nob=no "
    "nno=no nb=no nn=no fin=fi pol=pl cze=cs ces=cs slo=sk slk=sk hrv=hr srp=sr slv=sl rum=ro ron=ro hun=hu tur=tr "
    "cat=ca ind=id vie=vi rus=ru ukr=uk bul=bg mac=mk mkd=mk gre=el ell=el chi=zh zho=zh jpn=ja kor=ko ara=ar per=fa "
    "fas=fa heb=he iw=he hin=hi tha=th ben=bn tam=ta urd=ur geo=ka kat=ka arm=hy hye=hy lit=lt lav=lv est=et ice=is "
    "isl=is gle=ga alb=sq sqi=sq aze=az kaz=kk".split()
)

LANGUAGES: Final[Mapping[str, str]] = dict(
    pair.split("=")
    for pair in "ar=Arabic be=Belarusian bg=Bulgarian bn=Bengali ca=Catalan cs=Czech da=Danish de=German el=Greek "
    "en=English es=Spanish fa=Persian fi=Finnish fr=French he=Hebrew hi=Hindi hr=Croatian hu=Hungarian hy=Armenian "
    "id=Indonesian it=Italian ja=Japanese ka=Georgian ko=Korean mk=Macedonian nl=Dutch no=Norwegian pl=Polish "
    "pt=Portuguese ro=Romanian ru=Russian sk=Slovak sr=Serbian sv=Swedish ta=Tamil th=Thai tr=Turkish uk=Ukrainian "
    "ur=Urdu vi=Vietnamese zh=Chinese".split()
)
"""Code → name, for the languages that are told."""
