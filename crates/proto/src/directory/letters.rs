//! How often letters follow each other, and which words are popular. Made by tests/bench/words/words.py: not to be edited,
//! for a node with other tables puts words elsewhere.

/// The weight of each symbol of the balanced code after each other one, as letters: the end of a word (and its start), signs,
/// digits, a to z, anything else.
pub(super) const PAIRS: [&[u8; 30]; 30] = [
    b"AKKXXYWUWWWSWVWYUSXKWYWOUVIRPU",
    b"IKKIIIIIIIIIIIIIIIIIIIIIIIIIIK",
    b"IKUIIIIIIIIIIIIIIIIIIIIIIIIIIK",
    b"ZKKPRTUQPRRTNSXWZMSIYVVSTQKSQK",
    b"NJJVMAGUAAKSHCNACTAATMAOCAAOAJ",
    b"TJJVEQJTDJWTASSGGVFKQSPPCAAQNJ",
    b"UJJVHALVEJMUCGLIJTAETRKPIOAOIJ",
    b"YKKUQTSSOQLSMPXRXQPDYXUNRROTRK",
    b"PIIRAAARQBBTABNHASAARHNKAAAEAI",
    b"ZJJVNAITDNPSAAOHPSAATOITECAQAJ",
    b"UJJVAAEVACFVDEOMRVAAQIMRGIASAJ",
    b"UKKWNWRVORLONSVUZTOLTWVNQJLKPK",
    b"LIITAHFRAAEMAHDGJTAAAIFQACACBI",
    b"TJJUGIFUAFKVHMNHOQAAPRINEEALAJ",
    b"XJJWNMQWPLKXJOWQHUJAGSOROIARKJ",
    b"SJJXQOGUBDFWAFGSEURDHPFSAAAPDJ",
    b"ZKKWKTUWHZLWMOKFUUHANTUPIGAPOK",
    b"WJJQRSSPPVRPKSVTXVRFWTUQSRNONJ",
    b"NJJTJEASGAUSAGMHASMAQQJPAAAMAJ",
    b"FIIFAAAAAAABAAAAAAAAAAAPGAAAAI",
    b"WJJXNRUWNRLXKQQPRWMJSTVTMIATMJ",
    b"ZJJVJSFVBFTVHROPOVQJHUVRLQAOOJ",
    b"VJJVSLAWEFVWHKLIQVAAURTRGGAPMJ",
    b"QJJQNPPRJQLRJMSPTJLGUUQJJIMLOJ",
    b"MIITAEATAAAUAEJAFQAAJGAFBAAIAI",
    b"OIISNBCQGALUAHIHNQAAQKFHAAAHAI",
    b"OIINAAAIAAANAAAAAIAAAAHAAEAAAI",
    b"XJJRNRMOBHEJCLPLPQEAJPMLIEAECJ",
    b"TIIRHIHPAHBOFKMIFNDGCIGKADALPI",
    b"UKKIIIIIIIIIIIIIIIIIIIIIIIIIIY",
];

/// Popular words, each with a letter for its share.
pub(super) const POPULAR: &str = "\
    animalsManimeKarchaeologyIarcheryJartPastronomyLbakingObaseballLbasketballNbeerMbirdsMboardKbooksNboxingKbrownKc\
    ampingOcardsKcarsMcatsMchessOchristopherKchurchJclassicalKclimbingMcoffeeMcoinsJcollectingKcomicsKcomputersJcook\
    ingPcraftsLcricketLcyclingOdaKdancingPdanielKdavidLdesignMdivingJdogsMdrawingNdrumsKecologyIeconomicsKelectronic\
    sLfamilyJfashionMfilmMfishingOfitnessOfoodMfootballQfriendsJgamesNgamingPgardeningOgenealogyIgeographyIgolfLguit\
    arNhikingPhistoryNhockeyLhorsesMhuntingJinternetJjamesLjazzKjenniferKjessicaJjoggingJjohnKjohnsonLjonesLjosephJk\
    arateKkayakingJknittingLlanguagesLlegoJlinuxJlisaIliteratureKmagicKmangaKmapsImariaMmartialKmartinKmathLmatthewJ\
    meditationKmetalKmichaelMmichelleImillerImodelsJmoviesPmusicQnatureNoperaKpaintingOphilosophyLphotographyPphysic\
    sLpianoNplanesJpoetryLpoliticsKpotteryLprogrammingNpsychologyKpuzzlesKpythonJreadingQrichardIrobertLroboticsLroc\
    kKrowingJrugbyLrunningPrustJsailingLscienceNscottJsewingLshootingJsingingNskatingJskiingMsmithNsnowboardingMsocc\
    erNsportsNstampsJsurfingLsustainabilityIswimmingOtaylorJteaMteachingJtechnoKtechnologyJtennisNtheatreMthomasLtra\
    insJtravelPvanMviolinKvolleyballLvolunteeringJwalkingJwilliamJwilliamsLwineMwoodworkingLwritingOyogaO";
