"""What each language calls signs, units and abbreviations when they are read aloud."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Noun:
    """A counted noun: singular, plural, and whether numbers before it are feminine."""

    one: str
    many: str
    feminine: bool = False


@dataclass(frozen=True)
class Words:
    """One language. `group` and `point` are its separators in numbers; `order` is that of numeric dates."""

    code: str
    group: str
    point: str
    order: str
    point_word: str
    minus: str
    to: str
    half: str
    number: str
    percent: str
    dot: str
    slash: str
    at: str
    dash: str
    underscore: str
    months: tuple[str, ...]
    money: Mapping[str, tuple[Noun, Noun | None]]
    units: Mapping[str, Noun]
    short: Mapping[str, str]
    signs: Mapping[str, str]
    join_cents: str = " "
    spaces: bool = True
    scales: tuple[str, ...] = field(default=())


def _nouns(text: str) -> dict[str, Noun]:
    """Rows of `sign = one / many`; a star after it: feminine."""
    found: dict[str, Noun] = {}
    for row in filter(None, map(str.strip, text.split(";"))):
        sign, _, names = row.partition("=")
        feminine = names.endswith("*")
        one, _, many = names.strip().rstrip("*").partition("/")
        found[sign.strip()] = Noun(one.strip(), (many or one).strip(), feminine)
    return found


def _money(text: str) -> dict[str, tuple[Noun, Noun | None]]:
    """Rows of `sign sign = one / many, cent / cents`."""
    found: dict[str, tuple[Noun, Noun | None]] = {}
    for row in filter(None, map(str.strip, text.split(";"))):
        signs, _, names = row.partition("=")
        whole, _, cent = names.partition(",")
        noun = _nouns(f"x={whole}")["x"]
        part = _nouns(f"x={cent}")["x"] if cent else None
        found |= dict.fromkeys(signs.split(), (noun, part))
    return found


def _pairs(text: str) -> dict[str, str]:
    """Rows of `short=long`; `eq` stands for the sign between them."""
    rows = (row.partition("=") for row in text.split(";") if row.strip())
    return {short.strip().replace("eq", "="): long.strip() for short, _, long in rows}


def _months(text: str) -> tuple[str, ...]:
    return tuple(text.split())


EN = Words(
    code="en", group=",", point=".", order="mdy", point_word="point", minus="minus", to="to", half="a half",
    number="number", percent="percent", dot="dot", slash="slash", at="at", dash="dash", underscore="underscore",
    join_cents=" and ",
    months=_months(
        "January February March April May June July August September October November December"
    ),
    money=_money(
        "$ USD US$ = dollar/dollars, cent/cents; € EUR = euro/euros, cent/cents; £ GBP = pound/pounds, penny/pence;"
        "¥ JPY = yen/yen; ₩ KRW = won/won; Rp IDR = rupiah/rupiah"
    ),
    units=_nouns(
        "°C = degree Celsius/degrees Celsius; °F = degree Fahrenheit/degrees Fahrenheit; ° = degree/degrees;"
        "km/h = kilometer an hour/kilometers an hour; mph = mile an hour/miles an hour;"
        "m/s = meter a second/meters a second; mm = millimeter/millimeters; cm = centimeter/centimeters;"
        "m = meter/meters; km = kilometer/kilometers; m² = square meter/square meters; km² = square kilometer/square kilometers;"
        "m³ = cubic meter/cubic meters; mg = milligram/milligrams; g = gram/grams; kg = kilogram/kilograms; lb = pound/pounds;"
        "lbs = pound/pounds; oz = ounce/ounces; ft = foot/feet; mi = mile/miles; ml = milliliter/milliliters; l = liter/liters;"
        "L = liter/liters; kB = kilobyte/kilobytes; KB = kilobyte/kilobytes; MB = megabyte/megabytes; GB = gigabyte/gigabytes;"
        "TB = terabyte/terabytes; Mbps = megabit a second/megabits a second; Hz = hertz/hertz; kHz = kilohertz/kilohertz;"
        "MHz = megahertz/megahertz; GHz = gigahertz/gigahertz; W = watt/watts; kW = kilowatt/kilowatts;"
        "kWh = kilowatt hour/kilowatt hours; V = volt/volts; hrs = hour/hours; h = hour/hours; min = minute/minutes;"
        "s = second/seconds; ms = millisecond/milliseconds"
    ),
    short=_pairs(
        "Dr.=Doctor;Mr.=Mister;Mrs.=Missis;Ms.=Miz;Prof.=Professor;Jr.=Junior;Sr.=Senior;St.=Street;vs.=versus;"
        "e.g.=for example;i.e.=that is;etc.=et cetera;approx.=approximately;No.=number;a.m.=A M;p.m.=P M;U.S.=U S;"
        "U.S.A.=U S A;U.K.=U K;Inc.=Incorporated;Ltd.=Limited;Ave.=Avenue;Mt.=Mount"
    ),
    signs=_pairs("&=and;+=plus;eq=equals;×=times;÷=divided by;§=section;±=plus or minus;≈=about;≤=at most;≥=at least"),
    scales=("thousand", "million", "billion", "trillion"),
)  # fmt: skip

ES = Words(
    code="es", group=".", point=",", order="dmy", point_word="coma", minus="menos", to="a", half="medio",
    number="número", percent="por ciento", dot="punto", slash="barra", at="arroba", dash="guion",
    underscore="guion bajo", join_cents=" con ",
    months=_months(
        "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre"
    ),
    money=_money(
        "$ USD US$ = dólar/dólares, centavo/centavos; € EUR = euro/euros, céntimo/céntimos;"
        "£ GBP = libra/libras*, penique/peniques; ¥ JPY = yen/yenes; ₩ KRW = won/wones; Rp IDR = rupia/rupias*"
    ),
    units=_nouns(
        "°C = grado Celsius/grados Celsius; °F = grado Fahrenheit/grados Fahrenheit; ° = grado/grados;"
        "km/h = kilómetro por hora/kilómetros por hora; mph = milla por hora/millas por hora*;"
        "m/s = metro por segundo/metros por segundo; mm = milímetro/milímetros; cm = centímetro/centímetros;"
        "m = metro/metros; km = kilómetro/kilómetros; m² = metro cuadrado/metros cuadrados;"
        "km² = kilómetro cuadrado/kilómetros cuadrados; m³ = metro cúbico/metros cúbicos; mg = miligramo/miligramos;"
        "g = gramo/gramos; kg = kilo/kilos; lb = libra/libras*; lbs = libra/libras*; oz = onza/onzas*; ft = pie/pies;"
        "mi = milla/millas*; ml = mililitro/mililitros; l = litro/litros; L = litro/litros; kB = kilobyte/kilobytes;"
        "KB = kilobyte/kilobytes; MB = megabyte/megabytes; GB = gigabyte/gigabytes; TB = terabyte/terabytes;"
        "Hz = hercio/hercios; kHz = kilohercio/kilohercios; MHz = megahercio/megahercios; GHz = gigahercio/gigahercios;"
        "W = vatio/vatios; kW = kilovatio/kilovatios; kWh = kilovatio hora/kilovatios hora; V = voltio/voltios;"
        "h = hora/horas*; min = minuto/minutos; s = segundo/segundos; ms = milisegundo/milisegundos"
    ),
    short=_pairs(
        "Dr.=doctor;Dra.=doctora;Sr.=señor;Sra.=señora;Srta.=señorita;Prof.=profesor;D.=don;Dña.=doña;Ud.=usted;"
        "Uds.=ustedes;c/=calle;C/=calle;Avda.=avenida;Av.=avenida;n.º=número;N.º=número;nº=número;Nº=número;núm.=número;Núm.=número;"
        "p. ej.=por ejemplo;etc.=etcétera;EE. UU.=Estados Unidos;EE.UU.=Estados Unidos;a. m.=de la mañana;a.m.=de la mañana;"
        "p. m.=de la tarde;p.m.=de la tarde;pág.=página;aprox.=aproximadamente;vs.=contra;St.=calle"
    ),
    signs=_pairs("&=y;+=más;eq=igual a;×=por;÷=entre;§=sección;±=más menos;≈=unos;≤=como mucho;≥=como mínimo"),
    scales=("mil", "millón", "millones", "billón", "billones"),
)  # fmt: skip

FR = Words(
    code="fr", group="\u202f\u00a0 ", point=",", order="dmy", point_word="virgule", minus="moins", to="à", half="demi",
    number="numéro", percent="pour cent", dot="point", slash="barre oblique", at="arobase", dash="tiret",
    underscore="tiret bas",
    months=_months(
        "janvier février mars avril mai juin juillet août septembre octobre novembre décembre"
    ),
    money=_money(
        "$ USD US$ = dollar/dollars, cent/cents; € EUR = euro/euros, centime/centimes;"
        "£ GBP = livre/livres*, penny/pence; ¥ JPY = yen/yens; ₩ KRW = won/wons; Rp IDR = roupie/roupies*"
    ),
    units=_nouns(
        "°C = degré Celsius/degrés Celsius; °F = degré Fahrenheit/degrés Fahrenheit; ° = degré/degrés;"
        "km/h = kilomètre heure/kilomètres heure; mph = mille à l'heure/milles à l'heure;"
        "m/s = mètre par seconde/mètres par seconde; mm = millimètre/millimètres; cm = centimètre/centimètres;"
        "m = mètre/mètres; km = kilomètre/kilomètres; m² = mètre carré/mètres carrés; km² = kilomètre carré/kilomètres carrés;"
        "m³ = mètre cube/mètres cubes; mg = milligramme/milligrammes; g = gramme/grammes; kg = kilo/kilos;"
        "lb = livre/livres*; lbs = livre/livres*; oz = once/onces*; ft = pied/pieds; mi = mille/milles;"
        "ml = millilitre/millilitres; l = litre/litres; L = litre/litres; Ko = kilooctet/kilooctets; Mo = mégaoctet/mégaoctets;"
        "Go = gigaoctet/gigaoctets; To = téraoctet/téraoctets; kB = kilooctet/kilooctets; KB = kilooctet/kilooctets;"
        "MB = mégaoctet/mégaoctets; GB = gigaoctet/gigaoctets; TB = téraoctet/téraoctets; Hz = hertz; kHz = kilohertz;"
        "MHz = mégahertz; GHz = gigahertz; W = watt/watts; kW = kilowatt/kilowatts; kWh = kilowattheure/kilowattheures;"
        "V = volt/volts; h = heure/heures*; min = minute/minutes*; s = seconde/secondes*; ms = milliseconde/millisecondes*"
    ),
    short=_pairs(
        "Dr=docteur;Dr.=docteur;M.=monsieur;Mme=madame;Mlle=mademoiselle;MM.=messieurs;Pr=professeur;St=saint;Ste=sainte;"
        "av.=avenue;bd=boulevard;n°=numéro;N°=numéro;nº=numéro;p. ex.=par exemple;etc.=et cetera;c.-à-d.=c'est-à-dire;"
        "env.=environ;É.-U.=États-Unis;vs.=contre;p.=page"
    ),
    signs=_pairs("&=et;+=plus;eq=égale;×=fois;÷=divisé par;§=paragraphe;±=plus ou moins;≈=environ;≤=au plus;≥=au moins"),
    join_cents=" ",
    scales=("mille", "million", "millions", "milliard", "milliards"),
)  # fmt: skip

DE = Words(
    code="de", group=".", point=",", order="dmy", point_word="Komma", minus="minus", to="bis", half="ein halb",
    number="Nummer", percent="Prozent", dot="Punkt", slash="Schrägstrich", at="at", dash="Bindestrich",
    underscore="Unterstrich",
    months=_months(
        "Januar Februar März April Mai Juni Juli August September Oktober November Dezember"
    ),
    money=_money(
        "$ USD US$ = Dollar/Dollar, Cent/Cent; € EUR = Euro/Euro, Cent/Cent; £ GBP = Pfund/Pfund, Penny/Pence;"
        "¥ JPY = Yen/Yen; ₩ KRW = Won/Won; Rp IDR = Rupiah/Rupiah"
    ),
    units=_nouns(
        "°C = Grad Celsius; °F = Grad Fahrenheit; ° = Grad; km/h = Kilometer pro Stunde; mph = Meile pro Stunde/Meilen pro Stunde*;"
        "m/s = Meter pro Sekunde; mm = Millimeter; cm = Zentimeter; m = Meter; km = Kilometer; m² = Quadratmeter;"
        "km² = Quadratkilometer; m³ = Kubikmeter; mg = Milligramm; g = Gramm; kg = Kilo; lb = Pfund; lbs = Pfund;"
        "oz = Unze/Unzen*; ft = Fuß; mi = Meile/Meilen*; ml = Milliliter; l = Liter; L = Liter; kB = Kilobyte; KB = Kilobyte;"
        "MB = Megabyte; GB = Gigabyte; TB = Terabyte; Hz = Hertz; kHz = Kilohertz; MHz = Megahertz; GHz = Gigahertz;"
        "W = Watt; kW = Kilowatt; kWh = Kilowattstunde/Kilowattstunden*; V = Volt; Std. = Stunde/Stunden*;"
        "h = Stunde/Stunden*; min = Minute/Minuten*; s = Sekunde/Sekunden*; ms = Millisekunde/Millisekunden*"
    ),
    short=_pairs(
        "Dr.=Doktor;Prof.=Professor;Hr.=Herr;Fr.=Frau;St.=Sankt;Str.=Straße;Nr.=Nummer;z. B.=zum Beispiel;z.B.=zum Beispiel;"
        "d. h.=das heißt;d.h.=das heißt;u. a.=unter anderem;u.a.=unter anderem;usw.=und so weiter;bzw.=beziehungsweise;"
        "ca.=circa;etc.=et cetera;inkl.=inklusive;vs.=gegen;Mio.=Millionen;Mrd.=Milliarden;evtl.=eventuell;ggf.=gegebenenfalls"
    ),
    signs=_pairs("&=und;+=plus;eq=gleich;×=mal;÷=geteilt durch;§=Paragraf;±=plus minus;≈=etwa;≤=höchstens;≥=mindestens"),
    scales=("tausend", "Million", "Millionen", "Milliarde", "Milliarden", "Mio.", "Mrd."),
)  # fmt: skip

ID = Words(
    code="id", group=".", point=",", order="dmy", point_word="koma", minus="minus", to="sampai", half="setengah",
    number="nomor", percent="persen", dot="titik", slash="garis miring", at="at", dash="strip",
    underscore="garis bawah",
    months=_months(
        "Januari Februari Maret April Mei Juni Juli Agustus September Oktober November Desember"
    ),
    money=_money(
        "$ USD US$ = dolar, sen; € EUR = euro, sen; £ GBP = pound, penny; ¥ JPY = yen; ₩ KRW = won; Rp IDR = rupiah"
    ),
    units=_nouns(
        "°C = derajat Celsius; °F = derajat Fahrenheit; ° = derajat; km/jam = kilometer per jam; km/h = kilometer per jam;"
        "mph = mil per jam; m/s = meter per detik; mm = milimeter; cm = sentimeter; m = meter; km = kilometer;"
        "m² = meter persegi; km² = kilometer persegi; m³ = meter kubik; mg = miligram; g = gram; kg = kilo; lb = pon;"
        "lbs = pon; oz = ons; ft = kaki; mi = mil; ml = mililiter; l = liter; L = liter; kB = kilobita; KB = kilobita;"
        "MB = megabita; GB = gigabita; TB = terabita; Hz = hertz; kHz = kilohertz; MHz = megahertz; GHz = gigahertz;"
        "W = watt; kW = kilowatt; kWh = kilowatt jam; V = volt; h = jam; min = menit; s = detik; ms = milidetik"
    ),
    short=_pairs("Dr.=Dokter;dr.=dokter;Prof.=Profesor;Jl.=Jalan;No.=nomor;dll.=dan lain-lain;dsb.=dan sebagainya;dst.=dan seterusnya;hlm.=halaman;vs.=lawan"),
    signs=_pairs("&=dan;+=tambah;eq=sama dengan;×=kali;÷=dibagi;§=pasal;±=kurang lebih;≈=sekitar;≤=paling banyak;≥=paling sedikit"),
    scales=("ribu", "juta", "miliar", "triliun"),
)  # fmt: skip

JA = Words(
    code="ja", group=",", point=".", order="ymd", point_word="点", minus="マイナス", to="から", half="二分の一",
    number="番号", percent="パーセント", dot="ドット", slash="スラッシュ", at="アットマーク", dash="ハイフン",
    underscore="アンダーバー", spaces=False, join_cents="",
    months=_months("一月 二月 三月 四月 五月 六月 七月 八月 九月 十月 十一月 十二月"),
    money=_money("$ USD US$ = ドル, セント; € EUR = ユーロ, セント; £ GBP = ポンド, ペンス; ¥ ￥ JPY = 円; ₩ KRW = ウォン; Rp IDR = ルピア"),
    units=_nouns(
        "°C = 度; ℃ = 度; °F = 華氏度; ° = 度; km/h = キロ毎時; mph = マイル毎時; m/s = メートル毎秒; mm = ミリ; cm = センチ; m = メートル;"
        "km = キロメートル; m² = 平方メートル; km² = 平方キロメートル; m³ = 立方メートル; mg = ミリグラム; g = グラム; kg = キログラム;"
        "lb = ポンド; lbs = ポンド; oz = オンス; ft = フィート; mi = マイル; ml = ミリリットル; l = リットル; L = リットル; kB = キロバイト;"
        "KB = キロバイト; MB = メガバイト; GB = ギガバイト; TB = テラバイト; Hz = ヘルツ; kHz = キロヘルツ; MHz = メガヘルツ; GHz = ギガヘルツ;"
        "W = ワット; kW = キロワット; kWh = キロワット時; V = ボルト; h = 時間; min = 分; s = 秒; ms = ミリ秒"
    ),
    short=_pairs("No.=ナンバー;vs.=対;etc.=など"),
    signs=_pairs("&=アンド;＆=アンド;+=プラス;＋=プラス;eq=イコール;×=かける;÷=わる;±=プラスマイナス;≈=約;≤=以下;≥=以上"),
)  # fmt: skip

KO = Words(
    code="ko", group=",", point=".", order="ymd", point_word="점", minus="마이너스", to="에서", half="이분의 일",
    number="번호", percent="퍼센트", dot="닷", slash="슬래시", at="골뱅이", dash="하이픈", underscore="언더바",
    months=_months("일월 이월 삼월 사월 오월 유월 칠월 팔월 구월 시월 십일월 십이월"),
    money=_money("$ USD US$ = 달러, 센트; € EUR = 유로, 센트; £ GBP = 파운드, 펜스; ¥ JPY = 엔; ₩ KRW = 원; Rp IDR = 루피아"),
    units=_nouns(
        "°C = 도; ℃ = 도; °F = 화씨 도; ° = 도; km/h = 킬로미터; mph = 마일; m/s = 미터 퍼 세컨드; mm = 밀리미터; cm = 센티미터; m = 미터;"
        "km = 킬로미터; m² = 제곱미터; km² = 제곱킬로미터; m³ = 세제곱미터; mg = 밀리그램; g = 그램; kg = 킬로그램; lb = 파운드;"
        "lbs = 파운드; oz = 온스; ft = 피트; mi = 마일; ml = 밀리리터; l = 리터; L = 리터; kB = 킬로바이트; KB = 킬로바이트; MB = 메가바이트;"
        "GB = 기가바이트; TB = 테라바이트; Hz = 헤르츠; kHz = 킬로헤르츠; MHz = 메가헤르츠; GHz = 기가헤르츠; W = 와트; kW = 킬로와트;"
        "kWh = 킬로와트시; V = 볼트; min = 분; s = 초"
    ),
    short=_pairs("No.=번호;vs.=대;etc.=등"),
    signs=_pairs("&=앤드;+=더하기;eq=는;×=곱하기;÷=나누기;±=플러스마이너스;≈=약;≤=이하;≥=이상"),
)  # fmt: skip

ZH = Words(
    code="zh", group=",", point=".", order="ymd", point_word="点", minus="负", to="到", half="二分之一",
    number="号", percent="百分之", dot="点", slash="斜杠", at="艾特", dash="杠", underscore="下划线", spaces=False,
    join_cents="",
    months=_months("一月 二月 三月 四月 五月 六月 七月 八月 九月 十月 十一月 十二月"),
    money=_money("$ USD US$ = 美元, 美分; € EUR = 欧元, 欧分; £ GBP = 英镑, 便士; ¥ ￥ CNY = 元; JPY = 日元; ₩ KRW = 韩元; Rp IDR = 印尼盾"),
    units=_nouns(
        "°C = 摄氏度; ℃ = 摄氏度; °F = 华氏度; ° = 度; km/h = 公里每小时; mph = 英里每小时; m/s = 米每秒; mm = 毫米; cm = 厘米; m = 米;"
        "km = 公里; m² = 平方米; km² = 平方公里; m³ = 立方米; mg = 毫克; g = 克; kg = 公斤; lb = 磅; lbs = 磅; oz = 盎司; ft = 英尺;"
        "mi = 英里; ml = 毫升; l = 升; L = 升; kB = 千字节; KB = 千字节; MB = 兆字节; GB = 吉字节; TB = 太字节; Hz = 赫兹; kHz = 千赫;"
        "MHz = 兆赫; GHz = 吉赫; W = 瓦; kW = 千瓦; kWh = 千瓦时; V = 伏; h = 小时; min = 分钟; s = 秒; ms = 毫秒"
    ),
    short=_pairs("No.=第;vs.=对;etc.=等等"),
    signs=_pairs("&=和;+=加;eq=等于;×=乘;÷=除以;±=正负;≈=约;≤=至多;≥=至少"),
)  # fmt: skip

WORDS: Mapping[str, Words] = {words.code: words for words in (EN, ES, FR, DE, ID, JA, KO, ZH)}
